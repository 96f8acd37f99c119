"""Makes the formgrader's pages work without a network: formulas become MathML.

nbgrader's page has its formulas drawn by MathJax from a public server, whatever the settings say.
Browsers draw MathML themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from autograder.feedback.safe import MathRenderer

#: Holds `formgrade/`: what nbgrader's template of that name takes from here first.
TEMPLATES = Path(__file__).parent / "templates"


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """Render a cell's Markdown as nbconvert does, with MathML.

    Args:
        context: the template's variables, the cell among them.
        source: Markdown; it has been made harmless when the submission was graded.

    """
    cell = context.get("cell", {})
    folder = context.get("resources", {}).get("metadata", {}).get("path", "")
    renderer = MathRenderer(
        escape=False, attachments=dict(cell.get("attachments", {})), path=folder
    )
    return str(MarkdownWithMath(renderer=renderer).render(source))
