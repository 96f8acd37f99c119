"""A student's way through the notebook, in JupyterLab and in Notebook, one step after another."""

import re
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

RELEASE = Path(__file__).parents[2] / "release/softmax/softmax.ipynb"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("notebook")]

WRONG = "def softmax(xx):\n    return torch.exp(xx)"
RIGHT = "def softmax(xx):\n    exps = torch.exp(xx)\n    return exps / exps.sum()"


def bars(notebook, cell):
    """Return the lengths of the bars that a cell shows."""
    rects = notebook.outputs(cell).locator("svg rect")
    return [float(rect.get_attribute("width")) for rect in rects.all()]


def violations(notebook):
    """Return what axe finds in the outputs."""
    where = {"include": [[".jp-OutputArea-output"]]}
    found = Axe().run(notebook.page, where).response["violations"]
    return [(one["id"], node["html"]) for one in found for node in one["nodes"]]


def output_of(values):
    """Match the description of the bars, by the first decimals of the outputs."""
    return re.compile("; ".join(rf"output {i} is {v}[\d.]*" for i, v in enumerate(values)))


def test_the_machinery_is_folded_when_the_notebook_is_opened(notebook):
    assert not notebook.cell("machinery").locator(".cm-content").is_visible()
    assert notebook.cell("setup").locator(".cm-content").is_visible()


def test_a_link_leads_past_it(notebook):
    notebook.page.get_by_role("link", name="softmax in one call").click()
    heading = notebook.page.get_by_role("heading", name="softmax in one call")
    expect(heading).to_be_in_viewport()


def test_run_all_goes_through_all_checks_and_ends_at_what_to_do(notebook):
    notebook.run_all()
    check = notebook.outputs("explore-largest-check")
    expect(check.first).to_contain_text("✘ Not attempted yet", timeout=60_000)
    expect(check.last).to_have_text(re.compile("^Replace the `...` in `logits"))
    last = notebook.outputs("what-next").first
    expect(last).to_contain_text("11 of 11 checks are not content yet", timeout=60_000)


def test_a_number_in_the_box_moves_the_bars(notebook, application, picture):
    explorer = notebook.outputs("explorer")
    before = bars(notebook, "explorer")
    boxes = explorer.get_by_role("spinbutton")
    expect(boxes).to_have_count(3)
    box = boxes.and_(notebook.page.get_by_label("logit 1"))
    box.fill("1.5")
    box.press("Enter")
    svg = explorer.locator("svg")
    expect(svg).to_have_attribute("aria-label", output_of(["0.35", "0.59", "0.04"]))
    after = bars(notebook, "explorer")
    assert len(after) == 3
    assert after[1] > before[1]
    assert after[0] < before[0]
    assert after[1] == pytest.approx(300 * 0.5922, abs=0.1)
    if application == "JupyterLab":
        picture(explorer.last, "widget")


def test_the_keyboard_alone_moves_the_bars(notebook):
    """In Notebook the arrow keys choose another cell unless a box has the focus."""
    explorer = notebook.outputs("explorer")
    box, before = explorer.get_by_role("spinbutton").nth(2), bars(notebook, "explorer")
    box.focus()
    notebook.page.keyboard.press("ArrowUp")
    expect(explorer.locator("svg")).to_have_attribute("aria-label", output_of([".", ".", "0.053"]))
    notebook.page.keyboard.press("Tab")
    expect(explorer.get_by_role("slider", name="logit 2")).to_be_focused()
    notebook.page.keyboard.press("PageUp")
    expect(box).to_have_value("-0.4")
    expect(explorer.locator("svg")).to_have_attribute("aria-label", output_of([".", ".", "0.085"]))
    assert bars(notebook, "explorer")[2] > before[2]


def test_a_wrong_softmax_is_drawn_beside_the_right_one(notebook, application, picture):
    notebook.write("softmax", WRONG)
    notebook.run("softmax")
    notebook.run("softmax-check")
    panel, error = notebook.outputs("softmax-check").all()
    expect(error).to_contain_text("they must add up to 1")
    expect(error).to_contain_text("add up to 10.48")
    expect(panel).not_to_contain_text("add up to 10.48")
    expect(panel).to_contain_text("Likely cause: this looks like exp(x) by itself")
    expect(panel).to_contain_text("✘ Not right yet")
    assert error.inner_text().count("\n") == 0
    drawn = bars(notebook, "softmax-check")
    assert len(drawn) == 6
    assert drawn[0] > drawn[1], "exp(2) beside its share"
    description = panel.locator("svg").get_attribute("aria-label")
    assert description.startswith("output 0: yours 7.389, softmax 0.7054")
    if application == "JupyterLab":
        picture(notebook.cell("softmax-check").locator(".jp-Cell-outputArea"), "check")


def test_a_hint_opens_by_keyboard(notebook):
    panel = notebook.outputs("softmax-check").first
    hint = panel.get_by_text("What would you divide each of these numbers by")
    assert not hint.is_visible()
    panel.locator("summary").focus()
    notebook.page.keyboard.press("Space")
    expect(hint).to_be_visible()


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_outputs_have_no_accessibility_violation(notebook, application, picture, theme):
    notebook.theme(theme)
    if theme == "Dark" and application == "JupyterLab":
        picture(notebook.outputs("explorer").last, "widget-dark")
        picture(notebook.cell("softmax-check").locator(".jp-Cell-outputArea"), "check-dark")
    assert violations(notebook) == []
    notebook.theme("Light")


def test_a_right_softmax_is_praised(notebook):
    notebook.write("softmax", RIGHT)
    notebook.run("softmax")
    notebook.run("softmax-check")
    (panel,) = notebook.outputs("softmax-check").all()
    expect(panel).to_contain_text("✔ Looks right: shares that add up to 1")


def test_results_appear_beside_predictions_once_these_are_made(notebook):
    for cell in ("experiments", "predict", "predictions-and-results"):
        notebook.run(cell)
    table = notebook.outputs("predictions-and-results")
    expect(table).to_contain_text("First predict")
    words = ["same", "same", "flatter", "flatter", "sharper"]
    changes = ["x + 1", "x - 100", "x - x.max()", "x * 0.5", "x * 3.0"]
    notebook.write("predict", f"predictions = {dict(zip(changes, words, strict=True))}")
    notebook.write(
        "experiments",
        "p_plus_1 = p_minus_100 = p_minus_max = softmax_torch(x)\n"
        "p_half, p_triple = softmax_torch(x / 2), softmax_torch(x * 3)",
    )
    for cell in ("predict", "experiments", "predictions-and-results"):
        notebook.run(cell)
    rows = table.get_by_role("row")
    expect(rows).to_have_count(7)
    expect(rows.nth(4)).to_contain_text("x - x.max()")
    expect(rows.nth(4)).to_contain_text("flatter")
    expect(rows.nth(4)).to_contain_text("0.0900 0.2447 0.6652")
    assert rows.nth(4).locator("rect").count() == 3


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_figures_and_tables_have_no_accessibility_violation(notebook, theme):
    shown = ("exp-figure", "explorer-own", "exp-limit")
    if theme == "Light":
        for cell in shown:
            notebook.run(cell)
    for cell in shown:
        expect(notebook.outputs(cell).locator("[role=img]").first).to_be_visible()
    notebook.theme(theme)
    assert violations(notebook) == []
    notebook.theme("Light")


def test_what_was_saved_is_still_nbgraders(notebook):
    notebook.save()
    saved, released = (
        {cell.id: cell.metadata.get("nbgrader") for cell in nbformat.read(path, 4).cells}
        for path in (notebook.file, RELEASE)
    )
    assert saved == released


def test_the_validate_button_says_what_is_not_done_yet(notebook):
    notebook.page.get_by_role("button", name="Validate").click()
    dialog = notebook.page.get_by_role("dialog")
    expect(dialog).to_contain_text("The following cell failed", timeout=60_000)
    expect(dialog).to_contain_text("Replace the `...` in `p`")
    expect(dialog).to_contain_text("You did not provide a response.")
    for done in ("softmax", "predict", "experiments"):
        expect(dialog).not_to_contain_text(f'lab.check("{done}")')
