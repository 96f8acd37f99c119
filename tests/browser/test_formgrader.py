"""A person marks free text in the formgrader, and looks at the class report."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from opened import PATIENCE, serve
from playwright.sync_api import expect

from autograder.commands.demo import SAMPLES, prepare
from autograder.gradebook.course import Course
from autograder.lessons import load
from autograder.pipeline import grade
from autograder.results.class_report import Written, write_report
from autograder.runner.job import Settings
from autograder.samples import read_samples
from autograder.sandbox.box import layers

HAND_MARKED = load("softmax").by_hand

ROOT = Path(__file__).parents[2]
STUDENT, OTHER = "carol", "lin"
QUESTION, POINTS = "explore-equal", "0.5"
COMMENT = 'How large are they? And for 0, 1 & -2, "all equal" too?'
ELSEWHERE = """
![elsewhere](https://a.org/1.png) ![](//a.org/2.png) ![r] ![y](\\\\\\\\a.org/3.png)

<img src="https://a.org/4.png" srcset="https://a.org/5.png 2x"> <svg><image href="//a.org/6"/></svg>

<video poster="https://a.org/7.png"></video> <i style="background: url(//a.org/8.png)">i</i>

<link rel="stylesheet" href="https://a.org/9.css"><base href="https://a.org">

[r]: https://a.org/10.png
"""
DISPLAYS = """
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, Math, display
display(Math(r"\\frac{1}{2}"))
display(Latex(r'Half of \\(x\\): \\begin{align}\\frac{x}{2}\\end{align} <img src="https://a.org/11.png">'))
display(HTML("<img src='https://a.org/12.png'>"))
for kind, text in ((HTML, PICTURE), (HTML, HOSTILE), (Markdown, HOSTILE), (SVG, PICTURE)):
    display(kind(text))
display(Javascript(BREACH))
wide = {"width": "1 onerror=document.title='breached'"}
display({"image/png": "iVBORw0KGgo="}, raw=True, metadata={"image/png": wide})
"""
#: It says who acted: a student's script would mark its own work just as well.
BREACH = "document.title = 'breached'"
PICTURE = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{BREACH}"><text>hi</text></svg>'
HOSTILE = f"""<script>{BREACH}</script><img src=x onerror="{BREACH}">
<b onclick="{BREACH}">hostile</b> [hostile](javascript:{BREACH.replace(" ", "")})
<div style="position: fixed; inset: 0; z-index: 9999">over</div>"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Marking:
    """What a person saw and did in the formgrader.

    Attributes:
        course: the course directory.
        before: the class report from before.
        page: the submission's page, as text.
        elsewhere: what was asked of others than the server; nothing was answered.
        reopened: what is in the boxes for points and comment when the page is opened anew.
        formulas: how many fractions are drawn, and how many of all formulas are not.
        errors: of the page's scripts.
        keys: where the keyboard led: the box that had the focus, after each key.
        displayed: the fractions that the other submission's displays draw, and their texts.
        title: the other submission's page's, after a click on everything hostile.
        links: where the other submission's pictures from elsewhere lead.
        title_in_lab: JupyterLab's, with the same graded notebook open, after the same clicks.

    """

    course: Path
    before: Written
    page: str
    elsewhere: set[str]
    reopened: tuple[str, str]
    formulas: tuple[int, int]
    errors: list[str]
    keys: list[str]
    displayed: tuple[int, str]
    title: str
    links: list[str]
    title_in_lab: str


def _row(written):
    """Return the student's line of the report's table."""
    with written.table.open(encoding="utf-8-sig", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["student"] == STUDENT)


def _submission(written, student):
    return next(one for one in written.results.submissions if one.student == student)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "course"
    samples = [s for s in read_samples(SAMPLES) if s.student in (STUDENT, OTHER)]
    prepare(ROOT, folder, samples)
    _add(folder / f"submitted/{OTHER}/softmax/softmax.ipynb")
    missing = frozenset(layer.name for layer in layers() if not layer.available)
    _, graded = grade(folder, "softmax", settings=Settings(jobs=2, waived=missing))
    with graded.gradebook() as gradebook:  # as a roster of the LMS's would have it
        name = f"<img src=x onerror={BREACH.replace(' ', '')}>"
        gradebook.update_or_create_student(OTHER, last_name=name, first_name=name)
    return folder


def _add(file):
    """Add cells that show what is elsewhere, and LaTeX."""
    notebook = nbformat.read(file, as_version=4)
    notebook.cells += [
        nbformat.v4.new_markdown_cell(ELSEWHERE),
        nbformat.v4.new_markdown_cell(HOSTILE),
        nbformat.v4.new_code_cell(
            f"BREACH, PICTURE, HOSTILE = {BREACH!r}, {PICTURE!r}, {HOSTILE!r}{DISPLAYS}"
        ),
    ]
    nbformat.write(notebook, file)


@pytest.fixture(scope="module")
def marking(browser, course, tmp_path_factory):
    """One answer marked: clicked to, read, points and comment typed, both saved."""
    before = write_report(course, "softmax", page=tmp_path_factory.mktemp("before") / "report.html")
    elsewhere, errors = set(), []

    def only_here(route):
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            elsewhere.add(route.request.url)
            route.abort()

    with (
        serve(course, tmp_path_factory.mktemp("home")) as server,
        browser.new_context(viewport={"width": 1100, "height": 900}) as context,
    ):
        context.route("**/*", only_here)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.address}/formgrader?token={server.token}")
        page.get_by_role("link", name="Manual Grading").click()
        for address in ("softmax", "softmax/softmax"):
            page.locator("#main-table").get_by_role("link", name="softmax", exact=True).click()
            page.wait_for_url(f"**/gradebook/{address}")
        page.get_by_role("link", name="Submission #1").wait_for()
        page.get_by_role("button", name="Show All Names").click()
        page.get_by_role("link", name=STUDENT, exact=True).click()

        points, comment = _boxes(page)
        seen = page.locator("body").inner_text()
        formulas = _formulas(page)
        # The page's own policy holds, should a picture ever come through.
        page.evaluate("new Image().src = 'https://a.org/13.png'")
        points.click()
        page.keyboard.type(POINTS)
        with page.expect_response(_saves("grade")) as saved:
            comment.click()
        assert saved.value.ok
        page.keyboard.type(COMMENT)
        with page.expect_response(_saves("comment")) as saved:
            points.click()
        assert saved.value.ok

        page.reload()
        points, comment = _boxes(page, marked=True)
        reopened = points.input_value(), comment.input_value()
        keys = list(_walk(page, points, _key_to_the_other(course)))
        page.get_by_role("link", name="elsewhere").wait_for()
        shown = page.locator(".output_latex")
        displayed = shown.locator("math mfrac").count(), "\n".join(shown.all_inner_texts())
        for hostile in page.get_by_text("hostile", exact=True).all():
            hostile.evaluate("hostile => hostile.click()")
        title = page.title()
        addresses = "all => all.map(one => one.getAttribute('href'))"
        links = page.locator("a[href*='a.org']").evaluate_all(addresses)
        asked = set(elsewhere)
        page.goto(f"{server.address}/lab/tree/autograded/{OTHER}/softmax/softmax.ipynb")
        page.locator(".jp-MarkdownOutput", has_text="hostile").wait_for()
        for hostile in page.get_by_text("hostile", exact=True).all():
            hostile.evaluate("hostile => hostile.click()")
        title_in_lab = page.title()
    return Marking(
        *(course, before, seen, asked, reopened, formulas, errors, keys, displayed),
        *(title, links, title_in_lab),
    )


def _formulas(page):
    """Count the fractions that have a line's height at least, and the formulas without a size."""
    boxes = "all => all.map(one => one.getBoundingClientRect().height)"
    fractions = page.locator("math mfrac").evaluate_all(boxes)
    every = page.locator("math").evaluate_all(boxes)
    return sum(height > 15 for height in fractions), sum(height < 5 for height in every)


def _key_to_the_other(course):
    """Return nbgrader's key for the other submission, which may be the next or the one before."""
    with Course(course, "softmax").gradebook() as gradebook:
        mine, other = (
            gradebook.find_submission_notebook("softmax", "softmax", student).id
            for student in (STUDENT, OTHER)
        )
    return "Control+." if mine < other else "Control+,"


def _walk(page, points, to_the_other):
    """Press nbgrader's keys, and yield where each leads."""
    where = "() => document.activeElement.id || document.activeElement.localName"
    points.click()
    for key in ("Tab", "Tab", "Shift+Tab", "Escape", "Enter"):
        page.keyboard.press(key)
        yield page.evaluate(where)
    address = page.url
    page.keyboard.press(to_the_other)
    page.wait_for_url(lambda url: urlsplit(url).path != urlsplit(address).path)
    page.wait_for_function("document.activeElement.classList.contains('tabbable')")
    yield page.evaluate(where)


def _boxes(page, marked=False):
    """Return the boxes for points and comment, once the page has fetched what belongs in them."""
    points, comment = page.locator(f"#{QUESTION}"), page.locator(f"#{QUESTION}-comment")
    if marked:
        expect(points).not_to_have_value("", timeout=PATIENCE)
        expect(comment).not_to_have_value("", timeout=PATIENCE)
    else:
        expect(points).to_have_class(re.compile("needs_manual_grade"), timeout=PATIENCE)
        expect(comment).to_have_attribute("placeholder", re.compile("."), timeout=PATIENCE)
    return points, comment


def _saves(what):
    return lambda response: (
        response.request.method == "PUT" and f"/formgrader/api/{what}/" in response.url
    )


# --- Marking by hand -----------------------------------------------------------------------------


def test_the_rubric_stands_with_the_question(marking):
    source = nbformat.read(marking.course / "source/softmax/softmax.ipynb", as_version=4)
    (question,) = (
        cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == f"{QUESTION}-question"
    )
    rubric = re.search("### BEGIN MARK SCHEME(.*)### END MARK SCHEME", question, re.DOTALL)[1]
    lines = [" ".join(line.split()) for line in re.split(r"^- ", rubric.strip(), flags=re.M)[1:]]
    assert len(lines) == 3
    shown = " ".join(marking.page.split())
    assert all(line in shown for line in lines)


def test_nothing_is_asked_of_the_network(marking):
    assert marking.elsewhere == set()


def test_a_picture_from_elsewhere_is_a_link(marking):
    assert set(marking.links) >= {
        "https://a.org/1.png",
        "https://a.org/2.png",
        "https://a.org/10.png",
    }


def test_no_script_of_a_students_runs_beside_the_boxes_for_marks(marking):
    assert marking.title == "softmax"


def test_jupyterlab_runs_no_script_of_a_graded_notebook(marking):
    assert "JupyterLab" in marking.title_in_lab


def test_formulas_are_drawn_without_the_network(marking):
    drawn, without_a_size = marking.formulas
    assert drawn > 1
    assert without_a_size == 0
    assert "\\operatorname" not in marking.page
    assert not re.search(r"\$[^$\n]*\\", marking.page)


def test_latex_that_an_answer_displays_is_drawn_and_is_no_html(marking):
    fractions, text = marking.displayed
    assert fractions == 2
    assert "Half of" in text
    assert '<img src="https://a.org/11.png">' in text
    assert "\\" not in text


def test_nbgraders_shortcuts_lead_from_box_to_box_and_to_the_other_submission(marking):
    assert marking.errors == []
    extra, comment = f"{QUESTION}_extra_credit", f"{QUESTION}-comment"
    assert marking.keys[:5] == [extra, comment, extra, "body", extra]
    assert marking.keys[5] == QUESTION


def test_what_was_typed_is_in_the_gradebook_and_comes_back(marking):
    assert marking.reopened == (POINTS, COMMENT)
    with Course(marking.course, "softmax").gradebook() as gradebook:
        place = (QUESTION, "softmax", "softmax", STUDENT)
        mark = gradebook.find_grade(*place)
        assert (mark.manual_score, mark.needs_manual_grade) == (float(POINTS), False)
        assert gradebook.find_comment(*place).manual_comment == COMMENT
        others = gradebook.find_submission_notebook("softmax", "softmax", STUDENT).grades
        touched = [one.name for one in others if one.manual_score is not None]
        assert touched == [QUESTION]


def test_the_class_report_counts_the_points_and_one_answer_less(marking):
    after = write_report(marking.course, "softmax")
    was, now = (_submission(one, STUDENT) for one in (marking.before, after))
    assert now.total == was.total + float(POINTS)
    assert now.waiting == was.waiting - 1
    old, new = _row(marking.before), _row(after)
    for column in ("by hand", "total"):
        assert float(new[column]) == float(old[column]) + float(POINTS)
    assert new["automatic"] == old["automatic"]
    assert _submission(after, OTHER) == _submission(marking.before, OTHER)


def test_the_feedback_page_shows_points_and_comment(marking, browser):
    Course(marking.course, "softmax").generate_feedback()
    page = browser.new_page()
    page.goto((marking.course / f"feedback/{STUDENT}/softmax/softmax.html").as_uri())
    exercise = page.locator(f"#exercise-{QUESTION}")
    assert exercise.locator(".verdict .points").inner_text() == f"{POINTS} of 1 point"
    assert exercise.locator(".comment").inner_text().endswith(COMMENT)
    total = _submission(write_report(marking.course, "softmax"), STUDENT).total
    assert page.locator(".total strong").inner_text() == f"{total:g}"
    page.close()


# --- The class report ----------------------------------------------------------------------------


@pytest.fixture
def report(course, browser, tmp_path, request):
    """The report with everything unfolded; the test fails if it asks for anything but itself."""
    scheme, width = getattr(request, "param", ("light", 1100))
    file = write_report(course, "softmax", page=tmp_path / "report.html").page
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    yield page
    page.close()
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]


@pytest.mark.parametrize(
    "report",
    [(scheme, width) for scheme in ("light", "dark") for width in (1100, 390)],
    indirect=True,
    ids=lambda look: f"{look[0]}-{look[1]}",
)
def test_axe_finds_nothing_in_the_class_report(report):
    results = Axe().run(report)
    assert results.violations_count == 0, results.generate_report()
    width = report.viewport_size["width"]
    assert report.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_every_link_and_fold_of_the_class_report(report):
    wanted = report.evaluate(
        """() => {
            document.querySelectorAll('*').forEach((one, place) => one.dataset.place = place);
            return [...document.querySelectorAll('a[href], summary')].map(
                one => one.dataset.place);
        }"""
    )
    assert len(wanted) >= len(HAND_MARKED)
    reached = []
    while True:
        report.keyboard.press("Tab")
        place = report.evaluate("document.activeElement.dataset.place")
        if place in reached or report.evaluate("document.activeElement === document.body"):
            break
        reached.append(place)
    assert [place for place in reached if place in wanted] == wanted
