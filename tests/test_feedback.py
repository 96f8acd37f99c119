"""The feedback page, read in a real browser: what it says, and what cannot happen on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from formgraded import formgrader_pages
from nbgrader.api import Gradebook
from playwright.sync_api import sync_playwright

from autograder.commands.demo import SAMPLES, prepare
from autograder.feedback.outputs import outcome, show
from autograder.feedback.safe import clean, formula, markdown
from autograder.handmarks.formgrader import markdown2html
from autograder.marking.report import MIME_TYPE
from autograder.pipeline import grade
from autograder.runner.job import Settings
from autograder.samples import read_samples
from autograder.sandbox.box import layers

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium (apt-get install chromium), so not tested: what a feedback page shows",
)

# --- Text of any origin --------------------------------------------------------------------------


def for_graders(text, folder="", attachments=None):
    """Render Markdown as the formgrader's page does."""
    cell = {"attachments": attachments or {}}
    return markdown2html({"cell": cell, "resources": {"metadata": {"path": folder}}}, text)


@pytest.fixture(params=[markdown, for_graders], ids=["feedback", "formgrader"])
def render(request):
    """Return what renders the Markdown of one of the pages."""
    return request.param


def soup(html):
    return BeautifulSoup(html, "html.parser")


def visible(html):
    """Return the words of a page, those of pictures among them."""
    page = soup(html)
    for picture in page.find_all("img"):
        picture.replace_with(picture.get("alt", ""))
    return " ".join(page.get_text().split())


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<IMG SRC=javascript:alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<svg onload=alert(1)><animate onbegin=alert(1)/></svg>",
        "<svg><use href='data:image/svg+xml,<svg onload=alert(1)>'/></svg>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table>",
        "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
        "<form action='//example.org'><button formaction='javascript:alert(1)'>x</button></form>",
        "<meta http-equiv=refresh content='0;url=//example.org'><base href='//example.org'>",
        "<link rel=stylesheet href='//example.org'><style>@import '//example.org';</style>",
        r"$\text{<img src=x onerror=alert(1)>}$ $\href{javascript:alert(1)}{x}$",
        "![x](attachment:missing.png)",
        '![$"onerror="alert(1)$](https://example.org/x.png "t")',
        "```mermaid\n</pre><script>alert(1)</script>\n```",
        "> " * 3000 + "deep",
        "<b>" * 3000,
        "\ud800 \x00",
    ],
    ids=range(20),
)
def test_what_students_write_is_made_harmless(render, text):
    html = render(text)
    html.encode()
    assert not re.search(
        r"<(script|style|iframe|form|button|meta|base|link|animate)|<[^>]*\son\w+\s*=", html, re.I
    )
    assert not re.search(r"<[^>]*(href|src)\s*=\s*.?\s*(javascript|data:text|//)", html, re.I)


def test_pictures_beside_the_notebook_are_put_into_the_page_and_no_others(render, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "dot.gif").write_bytes(b"GIF89a")
    (folder / "notes.txt").write_text("notes")
    (tmp_path / "other.gif").write_bytes(b"GIF89a")
    text = "![dot](dot.gif) ![notes](notes.txt) ![other](../other.gif) ![far](//example.org/x.gif)"
    html = render(text, folder=str(folder))
    assert re.findall(r'src="([^"]*)"', html) == ["data:image/gif;base64,R0lGODlh"]
    assert all(f'alt="{alt}"' in html for alt in ("dot", "notes", "other"))
    assert ">far</a>" in html
    tags = '<img src="dot.gif" alt="dot" width="9"> <img src="notes.txt">'
    html = render(tags, folder=str(folder))
    (picture,) = soup(html).find_all("img")
    assert picture.attrs == {"src": "data:image/gif;base64,R0lGODlh", "alt": "dot", "width": "9"}
    assert '<img src="notes.txt">' in visible(html)


# Who has the picture would learn who opens the page, and when; /logout ends the grader's session.
FETCHED = {
    "![far](https://example.org/x.gif)": ("https://example.org/x.gif", "far"),
    "![][r]\n\n[r]: https://example.org/x.gif": ("https://example.org/x.gif", "picture"),
    "![x](//a.org/b.png 'title')": ("https://a.org/b.png", "x"),
    "![](https://a.org)": ("https://a.org", "picture"),
    "![x][r]\n\n[r]: https://a.org": ("https://a.org", "x"),
    "![r]\n\n[r]: https://a.org": ("https://a.org", "r"),
    "[![x](https://a.org)](https://b.org)": ("https://a.org", "x"),
    "![a ![b](https://a.org)](https://b.org)": ("https://a.org", "b"),
    "> ![two\n> lines](https://a.org)": ("https://a.org", "two\nlines"),
    "| a |\n|---|\n| ![x](https://a.org) |": ("https://a.org", "x"),
    "![x](&#104;ttps://a.org)": ("https://a.org", "x"),
    "`![x](https://a.org)`, ![y](z.png), ![z](https://a.org)": ("https://a.org", "z"),
    '<img src="https://a.org/b.png">': ("https://a.org/b.png", "picture"),
    "so <IMG SRC=//a.org/b.png alt=x>": ("https://a.org/b.png", "x"),
    "![x](https://a.org/b.png)\n" * 1000: ("https://a.org/b.png", "x"),
}


@pytest.mark.parametrize("text", FETCHED, ids=lambda text: text[:30])
def test_a_picture_from_elsewhere_becomes_a_link(render, text):
    page = soup(render(text))
    address, words = FETCHED[text]
    assert (address, words) in [(a.get("href"), a.get_text()) for a in page.find_all("a")]
    assert not page.find_all("img", src=True)


@pytest.mark.parametrize(
    "text",
    ["![x](/logout)", "![x](../%2e%2e/logout)", "![x](\\\\\\\\a.org/b.png)", "![x](ftp://a.org)"],
)
def test_of_a_picture_that_no_page_fetches_the_words_are_seen(render, text):
    html = render(text)
    assert not re.search("src=|href=", html)
    assert visible(html) == "x"


@pytest.mark.parametrize("folder", ["", str(ROOT)])
def test_a_missing_picture_does_not_stop_a_page(render, folder):
    for text in ("![x](attachment:gone.png)", "<img src='attachment:gone.png' alt=x>"):
        html = render(text, folder=folder)
        assert "src=" not in re.sub("&.*", "", html)
        assert "x" in visible(html)


#: What students write in good faith, and what is seen of it.
HONEST = {
    "if i<n and n>m, or a <b and c> d": "if i<n and n>m, or a <b and c> d",
    "$a<b$ and $b > c$, so $$\\sum_i x_i < 1$$": "a<b and b>c, so ∑ixi<1",
    "if `x<y` then x < y, and **n** > 0": "if x<y then x < y, and n > 0",
    "```python\nif x<y:\n    print('<script>')\n```": "if x<y: print('<script>')",
    "H<sub>2</sub>O <br> <b>bold</b> <!-- note -->": "H2O bold",
    "<details>\n<summary>more</summary>\n\nText\n\n</details>": "more Text",
    "![a figure of the lesson's](figures/a%20b.png)": "a figure of the lesson's",
    "![a dot](data:image/png;base64,iVBORw0KGgo=)": "a dot",
    "[docs](https://pytorch.org) and <https://pytorch.org>": "docs and https://pytorch.org",
    "> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |": "quoted a b 1 2",
    "\\begin{align}\na &<b \\\\\n\\end{align}": "a<b(1)(2)",
}


@pytest.mark.parametrize("folder", ["", str(ROOT)])
@pytest.mark.parametrize("text", HONEST)
def test_all_of_an_honest_text_is_seen(render, text, folder):
    assert visible(render(text, folder=folder)) == HONEST[text]


def test_plain_formatting_is_kept(render):
    text = "H<sub>2</sub>O <b>bold</b> <font color=red>red</font> <!-- <b>note</b> -->"
    for folder in ("", str(ROOT)):
        html = render(text, folder=folder).strip()
        assert html == '<p>H<sub>2</sub>O <b>bold</b> <font color="red">red</font> </p>'


#: What acts, or leads away, and what is seen of it.
ACTIVE = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "text <img src=x onerror=alert(1)>": "text <img src=x onerror=alert(1)>",
    "# heading <svg onload=alert(1)>": "heading <svg onload=alert(1)>",
    "<iframe src='https://a.org'></iframe>": "<iframe src='https://a.org'></iframe>",
    "<a href='javascript:alert(1)'>x</a>": "<a href='javascript:alert(1)'>x",
    "[x](javascript:alert(1))": "x",
    "[x](JaVaScRiPt:alert(1))": "x",
    "[x]: javascript:alert(1)\n\n[x]": "x",
    "<javascript:alert(1)>": "javascript:alert(1)",
    "![x](data:text/html;base64,PHNjcmlwdD4=)": "x",
    "```mermaid\n<img src=x onerror=alert(1)>\n```": "<img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <script>alert(1)</script> |": "a <script>alert(1)</script>",
    "<!--> <img src=x onerror=alert(1)> -->": "<!--> <img src=x onerror=alert(1)> -->",
    "</div></div><style>* {display: none}</style>": "<style>* {display: none}</style>",
    "`code` <b onclick=alert(1)>x</b>": "code <b onclick=alert(1)>x",
    '<p title="a>b" onclick="alert(1)">x</p>': '<p title="a>b" onclick="alert(1)">x',
}


@pytest.mark.parametrize("text", ACTIVE)
def test_active_markdown_is_shown_as_text(render, text):
    html = render(text)
    tags = {tag.name: tag.attrs for tag in soup(html).find_all(True)}
    assert not {"script", "svg", "iframe", "style"} & set(tags)
    attributes = [name for attrs in tags.values() for name in attrs]
    assert not [name for name in attributes if name.startswith("on") or name in ("src", "href")]
    assert visible(html) == ACTIVE[text]


FETCHING = [
    '<img src="attachment:b.png" srcset="https://a.org/b.png 2x">',
    "<picture><source srcset='https://a.org/b.png'></picture>",
    "<video poster='https://a.org/b.png'></video>",
    "<svg><image href='https://a.org/b.png'/></svg>",
    "<p style='background: url(https://a.org/b.png)'>x</p>",
    "<table background='https://a.org/b.png'></table>",
    "<link rel=stylesheet href='https://a.org/b.css'>",
    "<base href='https://a.org'>",
    "<meta http-equiv=refresh content='0; url=https://a.org'>",
    "<a href='https://a.org' ping='https://b.org'>x</a>",
]


@pytest.mark.parametrize("text", FETCHING, ids=lambda text: text[:20])
def test_other_ways_to_fetch_are_shown_as_text(render, text):
    page = soup(render(text))
    fetching = {"src", "srcset", "poster", "style", "background", "data", "ping", "content"}
    assert not [tag for tag in page.find_all(True) if fetching & set(tag.attrs)]
    assert not page.find_all(["link", "base", "image"])
    assert "a.org" in page.get_text()


@pytest.mark.parametrize("text", ["\\[" * 400, "x" * 60_000, "a" + " " * 400 + "b"])
def test_a_text_that_would_take_long_is_shown_as_it_was_typed(render, text):
    assert soup(render(text)).find("pre").get_text() == text


def test_ticks_of_a_list_are_seen(render):
    html = render("- [x] same\n- [ ] flatter\n- sharper")
    items = re.findall("<li>(.*?)</li>", html)
    assert items == ["☑ same", "☐ flatter", "sharper"]


@pytest.mark.parametrize("file", ["<ipython-input-35-1197c20a9c92>", "1197209.py"])
def test_a_syntax_error_names_the_line_and_no_file(file):
    words = f"invalid syntax ({file}, line 2)"
    output = nbformat.v4.new_output(
        "error", ename="SyntaxError", evalue=words, traceback=[f"SyntaxError: {words}"]
    )
    (html,) = show([output], [])
    assert html == ('<p class="message"><strong>SyntaxError</strong>: invalid syntax (line 2)</p>')


def test_code_in_the_sentence_of_a_check_is_code_and_markup_is_text():
    words = "Replace the `...` in `<b>` by <i>code</i>."
    output = nbformat.v4.new_output("error", ename="AssertionError", evalue=words, traceback=[])
    (html,) = show([output], [])
    assert html == (
        '<p class="message">Replace the <code>...</code> in <code>&lt;b&gt;</code> by '
        "&lt;i&gt;code&lt;/i&gt;.</p>"
    )


def test_nothing_is_placed_over_the_page():
    html = clean('<p style="position: fixed; inset: 0; z-index: 9; transform: none; color: red">x')
    assert html == '<p style="color:red">x</p>'


def test_pictures_keep_their_own_names():
    html = clean(
        '<svg><defs><path id="a" d="M0 0"/></defs><use xlink:href="#a"/>'
        '<rect clip-path="url(#a)"/><rect style="clip-path: url(#a)"/></svg>'
    )
    name = re.search(r'id="([^"]+)"', html)[1]
    assert name != "a"
    assert f'xlink:href="#{name}"' in html
    assert len(re.findall(rf"url\((?:&quot;)?#{name}\b", html)) == 2


@pytest.mark.parametrize(
    "value",
    [
        "url(//a.org)",
        "URL( 'https://a.org' )",
        r"\75rl(https://a.org)",
        "image-set('https://a.org' 1x)",
        "-webkit-image-set(url(https://a.org) 1x)",
        "var(--none, url(https://a.org))",
        "url(#a) url(https://a.org)",
    ],
)
def test_no_style_fetches_anything(value):
    html = clean(
        f'<li style="list-style: {value}">a</li><p style="cursor: {value}, auto">b</p>'
        f'<svg><path fill="{value}" clip-path="{value}" marker-end="{value}" '
        f'style="stroke: {value}" /></svg>'
    )
    assert html == "<li>a</li><p>b</p><svg><path></path></svg>"


def test_styles_that_fetch_nothing_stay():
    style = "color:var(--jp-ui-font-color1, #000);fill:rgb(0, 9, 0);width:calc(1em + 2px)"
    assert clean(f'<p style="{style}">x</p>') == f'<p style="{style}">x</p>'


@pytest.mark.parametrize(
    "latex", [r"\frac{1}{", r"\foo", "}", r"\left(", r"\text{<b>}{", "{" * 9999]
)
def test_latex_that_cannot_be_read_is_shown_as_it_was_typed(latex):
    html = formula(latex, block=False)
    assert html.startswith('<code class="latex">$')
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"$\displaystyle \frac12$", 1),
        (r"so \(x\), \[x^2\], $y$ and $$z$$", 4),
        ("\\begin{align*}\na &< b \\\\ c &= d\n\\end{align*}", 1),
        ("5$ for <img src=x onerror=alert(1)> a_1 * b * c # d", 0),
        (r"$\text{</p><script>alert(1)</script>}$", 1),
        ("\\(" * 400, 0),
    ],
)
def test_latex_of_an_output_is_text_with_formulas_and_no_markdown(text, formulas):
    output = nbformat.v4.new_output("display_data", {"text/latex": text, "text/plain": "<Math>"})
    (html,) = show([output], [])
    assert html.count("<math") == formulas
    assert not re.search("<(img|script|em|h1)|&lt;Math", html)


def test_every_formula_of_the_lesson_becomes_mathml():
    text = (ROOT / "notebooks" / "softmax.md").read_text(encoding="utf-8")
    formulas = re.findall(r"\$\$(.+?)\$\$|(?<!\$)\$([^$\n]+)\$", text, re.DOTALL)
    assert len(formulas) > 15
    for block, inline in formulas:
        assert "<math" in formula((block or inline).strip(), block=bool(block))


def test_the_report_in_a_test_cell_says_what_was_not_attempted():
    def output(**data):
        return nbformat.v4.new_output("execute_result", data=data)

    report = {"exercise": "softmax", "outcome": "not_attempted", "points": 0}
    assert (
        outcome([output(**{"text/plain": "0"}), output(**{MIME_TYPE: report})]) == "not attempted"
    )
    assert outcome([output(**{MIME_TYPE: "no JSON"}), output(**{MIME_TYPE: [1]})]) == ""
    assert show([output(**{MIME_TYPE: report})], []) == []


# --- The lesson's pages --------------------------------------------------------------------------


def nbgrader(root, *arguments):
    command = Path(sys.executable).with_name("nbgrader")
    result = subprocess.run(
        [command, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


NOTES = "# Notes of mine (9 points)\n\nEqual *inputs*.\n\n### More notes"


def add_notes(file, before):
    """Add a cell with headings to what a student hands in."""
    notebook = nbformat.read(file, as_version=4)
    place = next(
        index
        for index, one in enumerate(notebook.cells)
        if one.metadata.get("nbgrader", {}).get("grade_id") == before
    )
    notebook.cells.insert(place, nbformat.v4.new_markdown_cell(NOTES))
    nbformat.write(notebook, file)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """Four of the samples, graded and read by a person; the folder of their pages."""
    root = tmp_path_factory.mktemp("lesson") / "course"
    samples = read_samples(SAMPLES)
    prepare(ROOT, root, [s for s in samples if s.student in {"ada", "blaise", "carol", "hedy"}])
    add_notes(root / "submitted" / "ada" / "softmax" / "softmax.ipynb", "explore-equal")
    missing = frozenset(layer.name for layer in layers() if not layer.available)
    grade(root, "softmax", settings=Settings(jobs=2, waived=missing))
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:

        def read(student, cell, comment, **marks):
            place = (cell, "softmax", "softmax", student)
            found = gradebook.find_grade(*place)
            found.needs_manual_grade = False
            for name, value in marks.items():
                setattr(found, name, value)
            gradebook.find_comment(*place).manual_comment = comment

        read("carol", "explore-equal", r"How *large* are they? $\frac{1}{n}$", manual_score=0.5)
        read("ada", "proof", "Well argued.", extra_credit=1.5)
        gradebook.find_comment("softmax", "softmax", "softmax", "carol").manual_comment = "Come by."
        late = gradebook.find_submission_notebook("softmax", "softmax", "carol")
        late.late_submission_penalty = 2
        gradebook.db.commit()
    nbgrader(root, "generate_feedback", "softmax")
    return root / "feedback"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def see(browser):
    """Return a function that opens a page; it fails the test if the page asks for anything else."""
    opened = []

    def see(file, width=1000, **settings):
        page = browser.new_page(viewport={"width": width, "height": 800}, **settings)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        page.goto(file.as_uri())
        opened.append((page, asked, file.as_uri()))
        return page

    yield see
    for page, asked, address in opened:
        page.close()
        assert [url for url in asked if not url.startswith("data:")] == [address]


def page_of(lesson, student):
    return lesson / student / "softmax" / "softmax.html"


def row(page, title):
    """Return the result and the points of an exercise in the table of marks."""
    cells = page.locator(".marks tr", has=page.get_by_role("link", name=title, exact=True))
    return [text.strip() for text in cells.locator("td").all_inner_texts()]


@pytest.mark.slow
@needs_browser
def test_the_table_says_what_became_of_each_exercise(see, lesson):
    page = see(page_of(lesson, "carol"))
    assert row(page, "All inputs equal") == ["◐ partly right", "0.5 of 1"]
    assert row(page, "One input much bigger") == ["○ not answered", "0 of 1"]
    assert row(page, "Write it yourself") == ["✘ not right yet", "0 of 4"]
    assert row(page, "Judge") == ["✔ right", "5 of 5"]
    assert row(page, "Why did softmax(x2) fail?") == ["… waiting for your grader", "– of 2"]
    assert row(page, "A proof, if you like (optional)") == ["○ not answered", "bonus"]
    assert "1 answer is still waiting" in page.locator("header").inner_text()
    assert page.locator(".marks .group").first.inner_text() == "Explore with sliders"


@pytest.mark.slow
@needs_browser
def test_the_points_add_up_and_a_late_penalty_is_named(see, lesson):
    page = see(page_of(lesson, "carol"))
    points = page.locator(".marks tbody td.points").all_inner_texts()
    earned = sum(float(text.split(" of ")[0]) for text in points if text[0].isdigit())
    total = page.locator(".total strong").inner_text()
    assert float(total) == earned - 2 == 24.5
    assert "−2" in page.locator(".marks tfoot", has_text="late").inner_text()
    assert sum(float(text.split(" of ")[1]) for text in points if " of " in text) == 45


@pytest.mark.slow
@needs_browser
def test_headings_of_a_student_are_no_titles(see, lesson, tiny):
    page = see(page_of(lesson, "ada"))
    assert row(page, "All inputs equal")[1] == "– of 1"
    assert page.locator(".marks .group").first.inner_text() == "Explore with sliders"
    tinys = see(tiny_page(tiny, "right"))
    assert row(tinys, "Out of sight, part 1") == ["✔ right", "2 of 2"]
    for one in (page, tinys):
        notes = one.locator(".own", has_text="Notes of mine")
        assert notes.locator(".label").inner_text() == "Your notes"
        assert notes.locator("em").inner_text() == "inputs"
        headings = one.get_by_role("heading").all_inner_texts()
        assert not [text for text in headings if "otes" in text]
        assert "otes" not in one.locator(".marks").inner_text()


@pytest.mark.slow
@needs_browser
def test_extra_credit_is_named(see, lesson):
    page = see(page_of(lesson, "ada"))
    assert row(page, "A proof, if you like (optional)") == ["★ extra credit", "+1.5"]
    assert "Extra credit" in page.locator(".marks tfoot").inner_text()
    assert page.locator("#exercise-proof .comment").inner_text().endswith("Well argued.")


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("student", ["ada", "blaise", "carol", "hedy"])
def test_every_exercise_is_one_click_away(see, lesson, student):
    page = see(page_of(lesson, student))
    links = page.locator(".marks a")
    assert links.count() == 21
    for target in links.evaluate_all("links => links.map(link => link.getAttribute('href'))"):
        assert page.locator(target).count() == 1, target
        assert page.locator(f"{target} .verdict").is_visible()


@pytest.mark.slow
@needs_browser
def test_comments_stand_with_their_exercise(see, lesson):
    page = see(page_of(lesson, "carol"))
    assert page.locator(".comment").count() == 2
    comment = page.locator("#exercise-explore-equal .comment")
    assert comment.locator("em").inner_text() == "large"
    assert comment.locator("mfrac").count() == 1
    assert "Come by." in page.locator("#exercise-softmax .comment").inner_text()


@pytest.mark.slow
@needs_browser
def test_what_was_wrong_and_why_is_said_without_a_traceback(see, lesson):
    page = see(page_of(lesson, "carol"))
    exercise = page.locator("#exercise-softmax")
    said = exercise.locator(".check").inner_text()
    assert said.count("must add up to 1, but those of softmax([2, 1, -1]) add up to 10.48.") == 1
    assert "This looks like exp(x) by itself" in exercise.locator(".tests").inner_text()
    for student in ("ada", "blaise", "carol", "hedy"):
        text = page_of(lesson, student).read_text(encoding="utf-8")
        for words in ("Traceback", "AssertionError", "Cell In", "No response", "HIDDEN TESTS"):
            assert words not in text, (student, words)


@pytest.mark.slow
@needs_browser
def test_what_was_not_answered_says_so_instead_of_the_placeholder(see, lesson):
    page = see(page_of(lesson, "blaise"))
    written = page.locator("#exercise-explore-equal .answer")
    assert "You did not answer." in written.inner_text()
    assert "You left this as it was handed out." in page.locator("#exercise-softmax").inner_text()
    assert "YOUR ANSWER HERE" not in "".join(page.locator(".answer").all_inner_texts())
    results = page.locator(".marks .state").all_inner_texts()
    assert set(results) == {"○ not answered"}


@pytest.mark.slow
@needs_browser
def test_formulas_and_pictures_are_drawn_without_a_script(see, lesson):
    page = see(page_of(lesson, "ada"), java_script_enabled=True)
    assert page.locator("script").count() == 0
    assert page.locator("math").count() > 10
    assert page.locator(".prose mfrac").first.bounding_box()["height"] > 15
    assert "$" not in "".join(page.locator(".prose p").all_inner_texts())
    figures = page.locator("[role=img]")
    labels = figures.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert sum("Three bar charts" in label for label in labels) == 1
    assert sum(label.startswith("output 0 is") for label in labels) == 2
    for figure in figures.all():
        assert figure.bounding_box()["width"] > 100


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize(
    ("student", "scheme", "width"),
    [
        ("carol", "light", 1000),
        ("carol", "dark", 390),
        ("blaise", "light", 390),
        ("ada", "dark", 1000),
    ],
)
def test_axe_finds_nothing(see, lesson, student, scheme, width):
    page = see(page_of(lesson, student), width=width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@needs_browser
def test_the_keyboard_reaches_what_is_folded(see, lesson):
    page = see(page_of(lesson, "carol"))
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to your notebook"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.locator("#notebook summary, #notebook a, #notebook [tabindex='0']").first
    assert first.evaluate("element => element === document.activeElement")
    hint = page.locator("#exercise-softmax summary", has_text="Think about it")
    hint.focus()
    page.keyboard.press("Enter")
    question = hint.locator("..").get_by_text("What would you divide each of these numbers by")
    assert question.is_visible()


@pytest.mark.slow
@needs_browser
def test_print_is_dark_on_light(see, lesson):
    page = see(page_of(lesson, "carol"), color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    colours = page.locator("body").evaluate(
        "body => [getComputedStyle(body).color, getComputedStyle(body).backgroundColor]"
    )
    assert colours == ["rgb(29, 36, 48)", "rgb(255, 255, 255)"]


@pytest.mark.slow
@needs_browser
def test_given_code_is_folded_and_answers_are_not(see, lesson):
    page = see(page_of(lesson, "ada"))
    assert page.locator(".given").count() > 10
    assert not any(code.is_visible() for code in page.locator(".given .source").all())
    assert page.locator("#exercise-softmax .answer .source").is_visible()


@pytest.mark.slow
def test_pages_are_light(lesson):
    for page in lesson.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert len(re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)) < 150_000


# --- Another assignment, plain nbgrader, a hostile student ---------------------------------------

BREACH = "document.title = 'breached'"
HOSTILE = f"""
<script>{BREACH}</script><img src=x onerror="{BREACH}"> [link](javascript:{BREACH})
<svg onload="{BREACH}"></svg><iframe srcdoc="<script>parent.{BREACH}</script>"></iframe>

<meta http-equiv="refresh" content="0; url=https://example.org/"><base href="https://example.org/">
<link rel="stylesheet" href="https://example.org/x.css"><style>main {{ display: none }}</style>
<form action="https://example.org/"><input autofocus onfocus="{BREACH}"></form>
<div style="position: fixed; inset: 0; z-index: 9999; background: red">4 of 4</div>
<p style="margin-top: -3000px; height: 9000px; width: 9000px">wide</p>
</div></div></section></main></body></html>

# A heading of mine

![remote](https://example.org/x.png) $\\text{{<img src=x onerror="{BREACH}">}}$ $\\frac{{1}}{{$
"""

#: A picture whose width is an attribute more.
WIDE = {"image/png": {"width": f"1 onerror={BREACH.replace(' ', '')}"}}
PICTURE = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{BREACH}"><text>hi</text></svg>'

DISPLAYS = f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
TEXT = {HOSTILE!r}
for kind in (HTML, Markdown, Latex):
    display(kind(TEXT))
display(SVG({PICTURE!r}))
display(Javascript({BREACH!r}))
display({{"image/png": "iVBORw0KGgo="}}, raw=True, metadata={WIDE!r})
display({{"text/html": TEXT}}, raw=True, metadata={{"text/html": {{"isolated": True}}}})
print(TEXT)
print("\\n".join(map(str, range(400))))
def double(n):
    print("asked for", n)
    return 1 / 0 if n == 31337 else 2 * n
"""


def cell(kind, grade_id, source, **about):
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    about = {"grade_id": grade_id, "schema_version": 3, **flags, **about}
    return new(source, metadata={"nbgrader": about}, id=grade_id)


def solution(text):
    return f"### BEGIN SOLUTION\n{text}\n### END SOLUTION"


TINY = [
    cell("code", "given", "base = 10", locked=True),
    cell("code", "double", solution("def double(n):\n    return 2 * n"), solution=True),
    cell("code", "double-tests", "assert double(base) == 20", grade=True, locked=True, points=2),
    nbformat.v4.new_markdown_cell("### Out of sight (2 points)", id="title"),
    cell("code", "more", solution("more = 3"), solution=True),
    cell(
        "code",
        "more-tests",
        "### BEGIN HIDDEN TESTS\nassert double(31337) == 62674, 'double(31337) is 62674'\n"
        "assert more == 3\n### END HIDDEN TESTS",
        grade=True,
        locked=True,
        points=2,
    ),
    cell("markdown", "essay", "Because.", grade=True, solution=True, points=3),
    nbformat.v4.new_markdown_cell("### Given to all", id="given-title"),
    cell("code", "given-tests", "assert base == 11", grade=True, locked=True, points=1),
    cell("markdown", "task", "## A task\n\nDraw.", task=True, points=1, locked=True),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Another course: graded by nbgrader alone, which sanitises nothing."""
    root = tmp_path_factory.mktemp("tiny")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    source = nbformat.v4.new_notebook(cells=TINY, metadata={"kernelspec": kernel})
    (root / "source/tiny").mkdir(parents=True)
    nbformat.write(source, root / "source/tiny/tiny.ipynb")
    nbgrader(root, "generate_assignment", "tiny")
    answers = {
        "right": {"double": "def double(n):\n    return 2 * n", "more": "more = 3"},
        "hostile": {"double": DISPLAYS, "more": "more = [\n    1,\n    base / 0,\n]"},
        "nothing": {},
    }
    answers["right"]["essay"] = "It is $2^n$."
    answers["hostile"]["essay"] = HOSTILE
    for student, changed in answers.items():
        notebook = nbformat.read(root / "release/tiny/tiny.ipynb", as_version=4)
        for one in notebook.cells:
            one.source = changed.get(one.id, one.source)
        (root / "submitted" / student / "tiny").mkdir(parents=True)
        nbformat.write(notebook, root / "submitted" / student / "tiny/tiny.ipynb")
    add_notes(root / "submitted/right/tiny/tiny.ipynb", "more")
    notebook = nbformat.read(root / "submitted/hostile/tiny/tiny.ipynb", as_version=4)
    notebook.cells += [nbformat.v4.new_markdown_cell(HOSTILE), nbformat.v4.new_raw_cell(HOSTILE)]
    nbformat.write(notebook, root / "submitted/hostile/tiny/tiny.ipynb")
    nbgrader(root, "autograde", "tiny")
    nbgrader(root, "generate_feedback", "tiny")
    return root


def outputs_of(notebook, cell_id):
    return next(one.outputs for one in notebook.cells if one.id == cell_id)


def tiny_page(tiny, student):
    return tiny / "feedback" / student / "tiny" / "tiny.html"


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_hostile_page_stays_ours(see, tiny, scheme):
    graded = nbformat.read(tiny / "autograded/hostile/tiny/tiny.ipynb", as_version=4)
    kinds = {kind for one in outputs_of(graded, "double") for kind in one.get("data", ())}
    assert kinds >= {"text/html", "text/markdown", "text/latex", "image/svg+xml"}
    assert "<script>" in str(graded.cells), "nbgrader alone lets it through"
    page = see(tiny_page(tiny, "hostile"), color_scheme=scheme)
    assert page.title() == "Feedback for hostile: tiny"
    assert page.locator("script, iframe, form, input, base, link, object, embed").count() == 0
    assert page.locator("style").count() == 1
    assert page.locator("body > main > #notebook > .exercise").count() == 5
    heading = page.locator("h1")
    assert heading.all_inner_texts() == ["Feedback for hostile"]
    assert heading.evaluate(
        """h1 => {
            const box = h1.getBoundingClientRect();
            return document.elementFromPoint(box.x + 5, box.y + 5) === h1;
        }"""
    )
    for exercise in page.locator(".exercise .verdict").all():
        exercise.scroll_into_view_if_needed()
        assert exercise.evaluate(
            """verdict => {
                const box = verdict.getBoundingClientRect();
                return verdict.contains(document.elementFromPoint(box.x + 5, box.y + 5));
            }"""
        )
    for link in page.locator("#notebook a", has_text="link").all():
        link.evaluate("link => link.click()")
    assert page.url == tiny_page(tiny, "hostile").as_uri()
    assert page.title() == "Feedback for hostile: tiny"
    assert Axe().run(page).violations_count == 0


@pytest.fixture(scope="module")
def graders_page(tiny):
    """The formgrader's page of the hostile student."""
    (page,) = formgrader_pages(tiny, [tiny / "autograded/hostile/tiny/tiny.ipynb"])
    return page


@pytest.mark.slow
@needs_browser
def test_a_hostile_student_does_not_act_on_the_formgraders_page(browser, graders_page):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(graders_page.as_uri())
    page.wait_for_load_state("networkidle")
    assert page.title() == "tiny"
    assert page.get_by_text("document.title = 'breached'").count() > 3, "it is shown as text"
    own = ("file:///none/", graders_page.as_uri(), "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    notebook = page.locator("#notebook")
    assert notebook.locator("script, iframe, form, base, link, meta, object, embed").count() == 0
    assert notebook.locator("style").count() == 0
    handlers = "all => all.flatMap(one => one.getAttributeNames()).filter(n => n.startsWith('on'))"
    assert notebook.locator("*").evaluate_all(handlers) == []
    for link in notebook.locator("a", has_text="link").all():
        link.evaluate("link => link.click()")
    assert page.title() == "tiny"
    assert page.url == graders_page.as_uri()
    page.close()


@pytest.mark.slow
@needs_browser
def test_no_answer_is_laid_over_the_formgraders_own(browser, graders_page):
    page = browser.new_page()
    page.goto(graders_page.as_uri())
    for heading in page.locator(".nbgrader_cell > .panel-heading").all():
        heading.scroll_into_view_if_needed()
        assert heading.evaluate(
            """heading => {
                const box = heading.getBoundingClientRect();
                return heading.contains(document.elementFromPoint(box.x + 5, box.y + 5));
            }"""
        )
    page.close()


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("student", ["right", "hostile", "nothing"])
def test_any_page_fits_a_phone(see, tiny, student):
    page = see(tiny_page(tiny, student), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
@needs_browser
def test_another_assignment_has_its_marks_and_titles(see, tiny):
    page = see(tiny_page(tiny, "right"))
    assert row(page, "Double") == ["✔ right", "2 of 2"]
    assert row(page, "Out of sight, part 1") == ["✔ right", "2 of 2"]
    assert row(page, "Out of sight, part 2") == ["… waiting for your grader", "– of 3"]
    assert row(page, "Given to all") == ["✘ not right yet", "0 of 1"]
    assert row(page, "A task")[1] == "– of 1"
    assert page.locator("#exercise-essay msup").count() == 1
    assert "The tests had nothing to say." in page.locator("#exercise-double").inner_text()
    nothing = see(tiny_page(tiny, "nothing"))
    assert row(nothing, "Double") == ["○ not answered", "0 of 2"]


@pytest.mark.slow
def test_a_hidden_case_stays_hidden_when_it_fails_or_is_printed(tiny):
    graded = nbformat.read(tiny / "autograded/hostile/tiny/tiny.ipynb", as_version=4)
    assert "asked for 31337" in str(outputs_of(graded, "more-tests"))
    page = tiny_page(tiny, "hostile").read_text(encoding="utf-8")
    assert "asked for 31337" not in page
    assert "A test that you cannot see stopped with an error." in page
    failed = tiny_page(tiny, "nothing").read_text(encoding="utf-8")
    assert "31337" not in failed


@pytest.mark.slow
@needs_browser
def test_an_error_of_a_student_s_own_shows_their_line(see, tiny):
    page = see(tiny_page(tiny, "hostile"))
    answer = page.locator("#exercise-more .answer .output")
    assert "ZeroDivisionError: division by zero" in answer.inner_text()
    assert "line 3 of your code" in answer.inner_text()
    assert answer.locator("pre").inner_text() == "base / 0,"


@pytest.mark.slow
@needs_browser
def test_a_long_print_is_folded(see, tiny):
    page = see(tiny_page(tiny, "hostile"))
    rest = page.locator("#exercise-double summary", has_text="more lines").last
    assert not page.get_by_text("\n250\n").is_visible()
    rest.click()
    assert page.get_by_text("[the rest is left out]").is_visible()


@pytest.mark.slow
def test_the_formgraders_button_writes_the_same_page(tiny):
    """The formgrader names templates of its own before it writes feedback."""
    page = tiny_page(tiny, "right")
    before = page.read_text(encoding="utf-8")
    page.unlink()
    code = (
        "from nbgrader.apps import NbGrader\n"
        "from nbgrader.apps.api import NbGraderAPI\n"
        "app = NbGrader()\n"
        "app.load_config_file()\n"
        "app.config.HTMLExporter.template_name = 'formgrade'\n"
        "app.config.HTMLExporter.extra_template_basedirs = ['/none']\n"
        "result = NbGraderAPI(config=app.config).generate_feedback('tiny', 'right')\n"
        "assert result['success'], result\n"
    )
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tiny / "none")}
    subprocess.run([sys.executable, "-c", code], cwd=tiny, env=environment, check=True)
    assert page.read_text(encoding="utf-8") == before
