"""Makes students' Markdown safe to show: formgrader and feedback pages render it unsanitised.

A grader who opens a page runs whatever script its HTML carries. The text is therefore rendered
with the very renderer those pages use (nbconvert's), and what would reach the page as active HTML
is turned into text that shows it. A picture that is fetched from elsewhere would tell its owner
who opens the page, and when: it becomes a link. Ordinary Markdown, LaTeX, code, comparison signs
and plain formatting tags stay as they are, to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

#: Longer texts are shown as they were typed: parsing them could take for ever.
MAX_LENGTH = 50_000
#: So are texts in which a formula may begin at more places: each is searched to its end.
_MAX_FORMULAS = 300
#: So are those with pictures from elsewhere where a try for each picture takes as much text.
_MAX_TRIED = 2 * MAX_LENGTH
_FORMULA = re.compile(r"\\[(\[]|\\begin")
_MANY_BLANKS = re.compile(r"\s{300}")

# Tags that only format, with attributes that only format or point to a web address. Tags that can
# close a page's own boxes (div, section, …) are not among them.
_FORMATTING = (
    "a|abbr|b|blockquote|br|caption|center|code|dd|del|details|dl|dt|em|font|h[1-6]|hr|i|img|ins|"
    "kbd|li|mark|ol|p|pre|q|s|samp|small|span|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|"
    "tr|tt|u|ul|var"
)
_WEB_ADDRESS = r"(?:https?://|attachment:|mailto:|#)"
_ATTRIBUTE = (
    r"(?:href\s*=\s*(?:\"\s*" + _WEB_ADDRESS + r"[^\"<>]*\"|'" + _WEB_ADDRESS + r"[^'<>]*')"
    r"|(?:align|alt|color|colspan|height|rowspan|size|start|title|valign|width)"
    r"\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[\w.%#]+))"
)
_HARMLESS_TAG = re.compile(
    rf"</?(?:{_FORMATTING})(?:\s+{_ATTRIBUTE})*\s*/?>|<!--(?![->])[^<>]*-->", re.IGNORECASE
)
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"(?:https?|mailto|ftp|attachment):|data:image/(?:png|jpeg|gif|webp);", re.I)
_SCHEME = re.compile(r"[^/?#]*:")  # browsers ignore blanks and control characters in a scheme
# A picture that comes with the page, or a file beside the notebook; %2e is a dot to browsers.
_NAME = r"(?!\.\.?(?:/|\Z))(?:[\w .~()+-]|%20|%[89a-f][\da-f])+"
_OWN_PICTURE = re.compile(rf"(?:attachment:|data:|(?:\./)?{_NAME}(?:/{_NAME})*\Z)", re.IGNORECASE)
_PICTURE = re.compile(r"!\[(\s*\])?")


def takes_long(text: str) -> bool:
    """Whether rendering a text could take minutes, as it can for one that is made to."""
    if len(text) > MAX_LENGTH or _MANY_BLANKS.search(text):
        return True
    return sum(1 for _ in _FORMULA.finditer(text)) > _MAX_FORMULAS


class _Collector(IPythonRenderer):
    """Renders nothing: remembers what would reach the page unescaped."""

    def __init__(self, attachments: Mapping[str, Any]) -> None:
        super().__init__(escape=False, attachments=dict(attachments))
        self.html: list[str] = []
        self.unsafe_links = False
        self.fetched = 0

    def block_html(self, html: str) -> str:
        self.html.append(html)
        return ""

    def inline_html(self, html: str) -> str:
        self.html.append(html)
        return ""

    def block_mermaidjs(self, code: str) -> str:
        self.html.append(code)
        return ""

    def link(self, text: str, url: str, title: str | None = None) -> str:
        self._see(url)
        return text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        # The renderer stops at an attachment that is not there, and feedback with it.
        name = url.removeprefix("attachment:")
        if name != url and name not in self.attachments:
            self.unsafe_links = True
        self.fetched += _OWN_PICTURE.match(url) is None
        self._see(url)
        return text

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        return text

    def _see(self, url: str) -> None:
        if _SCHEME.match(url) and not _LINK.match(url):
            self.unsafe_links = True


def sanitise(text: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Return `text` itself if it renders to harmless HTML, else a text that shows it.

    Args:
        text: the source of a Markdown cell.
        attachments: the cell's attachments, by file name.

    """
    if takes_long(text):
        return _verbatim(text)
    found = _collect(text, attachments)
    for fragment in found.html:
        if _is_active(fragment):
            text = text.replace(fragment, _TAG_START.sub("&lt;", fragment))
    if found.fetched:
        text = _link_pictures(text, attachments)
    left = _collect(text, attachments)
    if found.unsafe_links or left.unsafe_links or left.fetched or any(map(_is_active, left.html)):
        return _verbatim(text)
    return text


def _link_pictures(text: str, attachments: Mapping[str, Any] | None) -> str:
    """Make links of the pictures that would be fetched."""
    places = list(_PICTURE.finditer(text))
    if len(text) * len(places) > _MAX_TRIED:
        return text
    fetched = _collect(text, attachments).fetched
    for place in reversed(places):
        label = "[picture]" if place[1] else "["
        linked = text[: place.start()] + label + text[place.end() :]
        left = _collect(linked, attachments).fetched
        if left < fetched:
            text, fetched = linked, left
    return text


def _collect(text: str, attachments: Mapping[str, Any] | None) -> _Collector:
    collector = _Collector(attachments or {})
    try:
        MarkdownWithMath(renderer=collector).render(text)
    except RecursionError:  # deeply nested quotes or lists; nbconvert would stop there too
        collector.unsafe_links = True
    return collector


def _is_active(html: str) -> bool:
    return _TAG_START.search(_HARMLESS_TAG.sub("", html)) is not None


def _verbatim(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"~+", text)), default=0)
    fence = "~" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
