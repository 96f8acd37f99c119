"""The grading layer: how the lesson is built, and how submissions are run and recorded."""
