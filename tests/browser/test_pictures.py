"""The README's picture of a feedback page; the others are taken on a student's way."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "demo/feedback/carol/softmax/softmax.html"

pytestmark = pytest.mark.slow


def test_feedback_picture(browser, pytestconfig):
    """Take the part of a page that says what is wrong with softmax; `make demo` made it."""
    page = browser.new_page(viewport={"width": 1000, "height": 330}, device_scale_factor=1.5)
    page.goto(PAGE.as_uri())
    page.get_by_text("Think about it", exact=True).first.click()
    cell = page.locator("text=Grade cell: softmax-tests").locator("..")
    cell.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    page.screenshot(path=Path(pytestconfig.getoption("pictures")) / "feedback.png")
    page.close()
