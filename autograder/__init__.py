"""The softmax lab: how its lesson is marked (`grade`) and graded (`softmax-lab`)."""

from autograder.marking.grade import grade
from autograder.marking.report import Finding, Outcome, Report

__all__ = ["Finding", "Outcome", "Report", "grade"]
