"""nbgrader's feedback, laid out by our template instead of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

TEMPLATES = Path(__file__).parent / "templates"


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTMLExporter with the template in this folder.

    The settings stand in a section of their own, since the formgrader sets HTMLExporter's for its
    own pages, also while it writes feedback.
    """

    def __init__(self, config: Config | None = None, **arguments: Any) -> None:
        settings = Config()
        settings.FeedbackExporter.template_name = "feedback"
        settings.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
        settings.merge(config or Config())
        super().__init__(config=settings, **arguments)  # type: ignore[no-untyped-call]

    def default_filters(self) -> Any:
        """Add the template's own filters to nbconvert's."""
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "number", _number
        yield "python", self._python

    def _python(self, code: str) -> Markup:
        html = self.environment.filters["highlight_code"](code)
        return Markup(html.replace("<pre>", '<pre tabindex="0">', 1))


def _number(value: float) -> str:
    return f"{round(value, 2):g}"
