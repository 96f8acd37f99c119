"""The README's picture of a feedback page; the others are taken on a student's way."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "demo/feedback/carol/softmax/softmax.html"

pytestmark = pytest.mark.slow


def test_feedback_picture(browser, pytestconfig):
    """Take the part of a page that says what is wrong with softmax; `make demo` made it."""
    page = browser.new_page(viewport={"width": 860, "height": 700}, device_scale_factor=1.5)
    page.goto(PAGE.as_uri())
    exercise = page.locator("#exercise-softmax")
    exercise.get_by_text("Think about it").click()
    exercise.screenshot(path=Path(pytestconfig.getoption("pictures")) / "feedback.png")
    page.close()
