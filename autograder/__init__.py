"""The softmax lab: how its lesson is marked (`grade`) and graded (`softmax-lab`)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.marker import grade
    from autograder.marking.report import Finding, Outcome, Report

__all__ = ["Finding", "Outcome", "Report", "grade"]


def __getattr__(name: str) -> Any:
    # Only marking needs torch, which takes a second to import: `softmax-lab --help` does not.
    if name == "grade":
        from autograder.marker import grade

        return grade
    if name in __all__:
        from autograder.marking import report

        return getattr(report, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
