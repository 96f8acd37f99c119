"""Makes the formgrader's pages harmless, and makes them work without a network.

nbgrader's page shows whatever HTML a student wrote, displayed or is called, scripts too, and has
its formulas drawn by MathJax from a public server, whatever the settings say. Browsers draw MathML
themselves.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from jinja2 import pass_context

from autograder.feedback.outputs import picture
from autograder.feedback.safe import clean, latex, markdown

#: Holds `formgrade/`: what nbgrader's template of that name takes from here first.
TEMPLATES = Path(__file__).parent / "templates"


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """Render a cell's Markdown, or Markdown that a cell displays, as the feedback pages do.

    Args:
        context: the template's variables, the cell among them.
        source: Markdown of any origin.

    """
    cell = context.get("cell", {})
    return markdown(
        source,
        place=lambda level: level,
        attachments=cell.get("attachments"),
        folder=context.get("resources", {}).get("metadata", {}).get("path", ""),
    )


def escape_names(resources: dict[str, Any]) -> str:
    """Make what a page is told of a student harmless, in place: nbgrader writes it as it is."""
    for name, value in resources.items():
        if isinstance(value, str):
            resources[name] = escape(value)
    return ""


#: What takes the place of nbconvert's filters, and what our templates need besides.
FILTERS = {
    "markdown2html": markdown2html,
    "latex2html": latex,
    "escape_names": escape_names,
    "harmless": clean,
    "harmless_picture": picture,
}
