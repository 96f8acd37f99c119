"""Makes HTML and Markdown of any origin safe to show, with formulas that need no script.

Whatever a student typed or drew passes `clean` last: no script, no style sheet, no form, nothing
that loads or leaves the page by itself, no tag that closes a box of ours. Formulas become MathML,
which browsers draw themselves; LaTeX that cannot be read is shown as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from typing import Any
from zlib import crc32

import nh3
from markupsafe import Markup
from math_core import LatexError, LatexToMathML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.intake.submission import as_dict, takes_long

#: Longer formulas are shown as they were typed.
MAX_FORMULA = 5_000


def _words(text: str) -> set[str]:
    return set(text.split())


_TEXT = _words(
    "a abbr b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure font hr i img ins kbd li mark ol p pre q s samp small span strong sub "
    "summary sup table tbody td tfoot th thead tr tt u ul var wbr"
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
    "font": {"color", "size"},
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

# As HTML's parsers read them: without case.
_KNOWN = {
    tag.lower(): {name.lower() for name in _EVERYWHERE | _ATTRIBUTES.get(tag, set())}
    for tag in _TEXT | _SVG | _MATH | _HEADINGS
}
_WITHOUT_EFFECT = _words("class name target rel loading")
# A comment, a tag, or what only begins like a tag.
_MARKUP = re.compile(r"(?P<comment><!--(?!-?>).*?(?:-->|\Z))|<(?=[A-Za-z/!?])[^<>]*>?", re.DOTALL)
_TAG = re.compile(
    r"</?(?P<name>[A-Za-z][\w-]*)"
    r"(?P<attributes>(?:\s+[^\s=\"'<>/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?)*)\s*/?>"
)
_ATTRIBUTE = re.compile(
    r"(?P<key>[^\s=\"'<>/]+)(?:\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?"
)

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
    cleaned = nh3.clean(
        html,
        tags=_TEXT | _SVG | _MATH | (_HEADINGS if headings else set()),
        clean_content_tags={"script", "style", "metadata", "title", "template", "iframe"},
        attributes=_ATTRIBUTES,
        attribute_filter=lambda tag, name, value: _attribute(tag, name, value, prefix),
        filter_style_properties=_STYLES,
        # What scrolls must be in the keyboard’s reach.
        set_tag_attribute_values={"pre": {"tabindex": "0"}},
        url_schemes={"http", "https", "mailto", "data"},
    )
    return Markup(cleaned)


def _attribute(tag: str, name: str, value: str, prefix: str) -> str | None:
    """Return an attribute's harmless value, or None if there is none."""
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
    place: Callable[[int], int] | None = None,
    attachments: Mapping[str, Any] | None = None,
    folder: str = "",
) -> Markup:
    """Render Markdown to harmless HTML.

    A tag that `clean` would not keep whole is shown as text: it may be half of an answer, as in
    "i<n and n>m".

    Args:
        text: Markdown of any origin.
        place: gives the level on the page of a heading that has a level in the text; None if the
            text may have no headings.
        attachments: the cell's attachments, by file name.
        folder: where its pictures are; they are put into the page.

    """
    if takes_long(text):
        return _as_typed(text)
    renderer = _Renderer(place, attachments or {}, folder)
    try:
        html = MarkdownWithMath(renderer=renderer).render(readable(text))
    except RecursionError:  # quotes in quotes in quotes …
        return _as_typed(text)
    return clean(html, headings=place is not None)


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


def _is_elsewhere(url: str) -> bool:
    return _LINK.match(url) is not None or url.startswith("//")


def _is_kept(name: str, attributes: Mapping[str, str]) -> bool:
    """Whether `clean` keeps a tag with all that its attributes do."""
    return name in _KNOWN and all(
        key in _WITHOUT_EFFECT
        or key.startswith("data-")
        or (key in _KNOWN[name] and _attribute(name, key, value, "") is not None)
        for key, value in attributes.items()
    )


class _Renderer(IPythonRenderer):
    """nbconvert's Markdown with MathML, and without what the page would have to leave out."""

    def __init__(
        self, place: Callable[[int], int] | None, attachments: Mapping[str, Any], folder: str
    ) -> None:
        super().__init__(
            escape=False,
            embed_images=bool(folder),
            exclude_anchor_links=True,
            path=folder,
            attachments=dict(attachments),
        )
        self._place = place

    def block_math(self, body: str) -> str:
        return formula(body.strip(), block=True)

    def inline_math(self, body: str) -> str:
        return formula(body.strip(), block=False)

    def latex_environment(self, name: str, body: str) -> str:
        return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True)

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        if self._place is None:
            return f"<p><strong>{text}</strong></p>\n"
        deep = self._place(level)
        return f'<h{deep} class="level-{level}">{text}</h{deep}>\n'

    def block_mermaidjs(self, code: str) -> str:  # a picture that only a script could draw
        return f"<pre>{escape(code)}</pre>"

    def block_html(self, html: str) -> str:
        return _MARKUP.sub(self._markup, html) + "\n"

    def inline_html(self, html: str) -> str:
        return _MARKUP.sub(self._markup, html)

    def _markup(self, found: re.Match[str]) -> str:
        """Return a comment or a tag as it is, or as text if `clean` would not keep it whole."""
        if found["comment"] and found[0].endswith("-->"):
            return found[0]
        tag = _TAG.fullmatch(found[0])
        if tag is None:
            return escape(found[0])
        name = tag["name"].lower()
        attributes = {
            one["key"].lower(): unescape((one["value"] or "").strip("\"'"))
            for one in _ATTRIBUTE.finditer(tag["attributes"])
        }
        if name == "img" and "src" in attributes:
            source = attributes["src"]
            if _is_elsewhere(source):
                return self.image(attributes.get("alt", ""), source)
            attributes["src"] = self._embed_image_or_attachment(source)
        if not _is_kept(name, attributes):
            return escape(found[0])
        if name != "img":
            return found[0]
        return "<img{}>".format("".join(f' {k}="{escape(v)}"' for k, v in attributes.items()))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture, or a link to one that the page would have to fetch."""
        if not _is_elsewhere(url):
            return super().image(text, url, title)
        return self.link(text or "picture", f"https:{url}" if url[0] == "/" else url, title)

    def task_list_item(self, text: str, checked: bool = False) -> str:
        """Return an item that is ticked or not, without a form's box."""
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

    def _embed_image_or_attachment(self, src: str) -> str:
        name = src.removeprefix("attachment:")
        if name != src and not as_dict(self.attachments.get(name)):
            return ""
        return super()._embed_image_or_attachment(src)
