"""Makes HTML and Markdown of any origin safe to show, with formulas that need no script.

Whatever a student typed or drew passes `clean` last: no script, no style sheet, no form, nothing
that loads or leaves the page by itself, no tag that closes a box of ours. Formulas become MathML,
which browsers draw themselves; LaTeX that cannot be read is shown as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from zlib import crc32

import nh3
from markupsafe import Markup
from math_core import LatexError, LatexToMathML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.intake.sanitise import takes_long

#: Longer formulas are shown as they were typed.
MAX_FORMULA = 5_000


def _words(text: str) -> set[str]:
    return set(text.split())


_TEXT = _words(
    "a abbr b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure hr i img ins kbd li mark ol p pre q s samp small span strong sub summary "
    "sup table tbody td tfoot th thead tr tt u ul var wbr"
)
_SVG = _words(
    "svg g defs path rect circle ellipse line polyline polygon text tspan use clipPath pattern "
    "linearGradient radialGradient stop marker"
)
_MATH = _words(
    "math mrow mi mo mn ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts mtable mtr mtd mstyle mpadded mphantom merror"
)
_HEADINGS = {f"h{level}" for level in range(1, 7)}

_EVERYWHERE = _words(
    "id style title role dir lang width height align valign class aria-label aria-hidden "
    "aria-describedby aria-labelledby"
)
_OF_SVG = _words(
    "viewBox preserveAspectRatio version x y x1 y1 x2 y2 cx cy r rx ry dx dy fx fy d points offset "
    "transform fill fill-opacity fill-rule stroke stroke-width stroke-dasharray stroke-linecap "
    "stroke-linejoin stroke-opacity opacity text-anchor dominant-baseline font-size font-family "
    "font-weight clip-path clip-rule gradientUnits gradientTransform patternUnits "
    "patternTransform patternContentUnits clipPathUnits stop-color stop-opacity markerWidth "
    "markerHeight markerUnits orient refX refY marker-end marker-start"
)
_OF_MATH = _words(
    "display displaystyle scriptlevel mathvariant stretchy lspace rspace form fence separator "
    "accent accentunder largeop movablelimits symmetric minsize maxsize depth voffset "
    "linethickness columnspan rowspan"
)
_ATTRIBUTES = {
    "*": _EVERYWHERE,
    "a": {"href"},
    "img": {"src", "alt"},
    "details": {"open"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "span": {"tabindex"},
    **dict.fromkeys(_SVG, _OF_SVG | {"href", "xlink:href"}),
    **dict.fromkeys(_MATH, _OF_MATH),
}
# What colours, sizes and spaces things; nothing that places them elsewhere.
_STYLES = _words(
    "background-color border border-bottom border-collapse border-color border-left border-radius "
    "border-right border-spacing border-style border-top border-width clip-path color column-gap "
    "cursor display fill fill-opacity fill-rule flex flex-basis flex-direction flex-grow flex-wrap "
    "font font-family font-size font-style font-variant font-weight gap grid-template-columns "
    "height justify-content justify-items align-items line-height list-style list-style-type "
    "max-height max-width min-width opacity overflow-wrap padding padding-bottom padding-left "
    "padding-right padding-top row-gap stop-color stop-opacity stroke stroke-dasharray "
    "stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity "
    "stroke-width text-align text-anchor text-decoration vertical-align white-space width margin "
    "margin-bottom margin-left margin-right margin-top"
)
_LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*\Z")
# Whose values are CSS, which fetches with url(), image-set() and others, or with escapes.
_CSS = _words("style fill stroke clip-path marker-end")
_OWN_CALL = re.compile(
    r"(?<![\w-])(?:url\(\s*[\"']?#|(?:var|calc|min|max|clamp|rgba?|hsla?|repeat|minmax)\()",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ID = {"id", "aria-describedby", "aria-labelledby"}
# Pygments' short names, our own for formulas, and those of our headings.
_CLASS = re.compile(r"(?:[a-z]{1,2}[0-9a-z]?|highlight|formula|latex|level-[1-6])\Z")

# What MathJax looks for in an output.
_LATEX = re.compile(
    r"\$\$(?P<block>.+?)\$\$|\\\[(?P<bracketed>.+?)\\\]|\$(?P<inline>.+?)\$"
    r"|\\\((?P<round>.+?)\\\)|(?P<environment>\\begin\{(?P<name>[a-z]*\*?)\}.*?\\end\{(?P=name)\})",
    re.DOTALL,
)

_formulas = LatexToMathML(fancy_error=False, xml_namespace=False)


def clean(html: str, *, headings: bool = False) -> Markup:
    """Return what of an HTML text is harmless, with ids that are no one else's.

    Args:
        html: HTML of any origin.
        headings: whether headings stay; in what students made they would tear the page's outline.

    """
    html = readable(html)
    prefix = f"o{crc32(html.encode()):08x}-"

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name in _ID:
            return " ".join(prefix + part for part in value.split())
        if name == "class":
            return " ".join(filter(_CLASS.match, value.split())) or None
        if name in ("href", "xlink:href") and tag != "a":
            return f"#{prefix}{value[1:]}" if value.startswith("#") else None
        if name == "href":
            return value if _LINK.match(value) else None
        if name == "src":
            return value if _PICTURE.match(value) else None
        if name == "tabindex":
            return "0" if value == "0" else None
        if name in _CSS:
            if re.search(r"[(\\]", _OWN_CALL.sub("", value)):
                return None
            return re.sub(r"(url\(\s*[\"']?#)", rf"\g<1>{prefix}", value)
        return value

    cleaned = nh3.clean(
        html,
        tags=_TEXT | _SVG | _MATH | (_HEADINGS if headings else set()),
        clean_content_tags={"script", "style", "metadata", "title", "template", "iframe"},
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        filter_style_properties=_STYLES,
        # What scrolls must be in the keyboard’s reach.
        set_tag_attribute_values={"pre": {"tabindex": "0"}},
        url_schemes={"http", "https", "mailto", "data"},
    )
    return Markup(cleaned)


class Outline:
    """The headings of a page so far; none stands more than one level below the one before it."""

    def __init__(self, level: int) -> None:
        self._base = self._last = level

    def place(self, level: int) -> int:
        """Return the level on the page of a heading that has this level in its text."""
        self._last = min(self._base + level, self._last + 1, 6)
        return self._last


def markdown(
    text: str,
    *,
    outline: Outline | None = None,
    attachments: Mapping[str, Any] | None = None,
    folder: str = "",
) -> Markup:
    """Render Markdown to harmless HTML.

    Args:
        text: Markdown of any origin.
        outline: of the page its headings belong to, or None if it may have none.
        attachments: the cell's attachments, by file name.
        folder: where its pictures are; they are put into the page.

    """
    if takes_long(text):
        return _as_typed(text)
    renderer = _Renderer(outline, attachments or {}, folder)
    try:
        html = MarkdownWithMath(renderer=renderer).render(readable(text))
    except RecursionError:  # quotes in quotes in quotes …
        return _as_typed(text)
    return clean(html, headings=outline is not None)


def latex(text: str) -> Markup:
    """Return what code displays as LaTeX, text with formulas in it, as harmless HTML."""
    if takes_long(text):
        return _as_typed(text)
    text = readable(text)
    html, end = "", 0
    for found in _LATEX.finditer(text):
        inline = found["inline"] or found["round"]
        body = inline or found["block"] or found["bracketed"] or found["environment"]
        html += escape(text[end : found.start()]) + formula(body.strip(), block=inline is None)
        end = found.end()
    return clean(f"<p>{html}{escape(text[end:])}</p>")


def formula(latex: str, *, block: bool) -> str:
    """Return a formula as MathML, or as it was typed where it cannot be read."""
    dollars = "$$" if block else "$"
    if len(latex) <= MAX_FORMULA:
        try:
            mathml = _formulas.convert_with_local_state(latex, displaystyle=block)
        except LatexError:
            pass
        else:
            return f'<span class="formula" tabindex="0">{mathml}</span>' if block else mathml
    return f'<code class="latex">{escape(f"{dollars}{latex}{dollars}")}</code>'


def readable(text: str) -> str:
    """Return the text without control characters and halves of characters."""
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")


def _as_typed(text: str) -> Markup:
    return Markup('<pre tabindex="0">{}</pre>').format(readable(text))


class MathRenderer(IPythonRenderer):
    """nbconvert's Markdown, with harmless MathML for its formulas."""

    def block_math(self, body: str) -> str:
        """Return a formula that stands by itself."""
        return clean(formula(body.strip(), block=True))

    def inline_math(self, body: str) -> str:
        """Return a formula in a line of text."""
        return clean(formula(body.strip(), block=False))

    def latex_environment(self, name: str, body: str) -> str:
        """Return what stands between LaTeX's begin and end."""
        return clean(formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True))


class _Renderer(MathRenderer):
    """The same, with headings in order and no missing pictures."""

    def __init__(
        self, outline: Outline | None, attachments: Mapping[str, Any], folder: str
    ) -> None:
        super().__init__(
            escape=False,
            embed_images=bool(folder),
            exclude_anchor_links=True,
            path=folder,
            attachments=dict(attachments),
        )
        self.outline = outline

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        if self.outline is None:
            return f"<p><strong>{text}</strong></p>\n"
        deep = self.outline.place(level)
        return f'<h{deep} class="level-{level}">{text}</h{deep}>\n'

    def block_mermaidjs(self, code: str) -> str:  # a picture that only a script could draw
        return f"<pre>{escape(code)}</pre>"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture, or a link to one that the page would have to fetch."""
        if _LINK.match(url):
            return self.link(text or "picture", url, title)
        return super().image(text, url, title)

    def task_list_item(self, text: str, checked: bool = False) -> str:
        """Return an item that is ticked or not, without a form's box."""
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

    def _embed_image_or_attachment(self, src: str) -> str:
        name = src.removeprefix("attachment:")
        if name != src and not self.attachments.get(name):
            return ""
        return super()._embed_image_or_attachment(src)
