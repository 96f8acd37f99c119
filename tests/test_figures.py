"""A figure of the lesson is drawn once a run, and only where nobody can tell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from autograder.commands.demo import SAMPLES, prepare
from autograder.gradebook.course import Course
from autograder.intake import rebuild as intake
from autograder.pipeline import grade
from autograder.runner.figures import Figures, same_for_all
from autograder.runner.job import CodeCell, Settings
from autograder.samples import read_samples
from autograder.sandbox.box import layers

ROOT = Path(__file__).parents[1]

IMPORT = CodeCell("given", "import matplotlib.pyplot as plt")
DATA = CodeCell("given", "data = [1, 2]")
SHOW = CodeCell("given", "def show(values):\n    plt.plot(values)")
FIGURE = CodeCell("given", "lines = show(data)", is_figure=True)
LESSON = (IMPORT, DATA, SHOW, FIGURE)


def test_a_figure_of_given_things_is_the_same_for_all():
    assert same_for_all(LESSON) == {3}


@pytest.mark.parametrize(
    "cells",
    [
        (IMPORT, SHOW, FIGURE),
        (IMPORT, CodeCell("student", "data = [3]"), SHOW, FIGURE),
        (IMPORT, CodeCell("given", "data = answer"), SHOW, FIGURE),
        (IMPORT, CodeCell("given", "data = globals().get('answer')"), SHOW, FIGURE),
        (IMPORT, CodeCell("given", "data = %env HOME"), SHOW, FIGURE),
        (IMPORT, DATA, CodeCell("test", "data = [answer]"), SHOW, FIGURE),
        (IMPORT, DATA, CodeCell("given", "data = data + answer"), SHOW, FIGURE),
        (IMPORT, DATA, CodeCell("given", "def show(values):\n    plt.plot(answer)"), FIGURE),
        (IMPORT, DATA, CodeCell("given", "class show:\n    plt.plot(answer)"), FIGURE),
        (IMPORT, DATA, CodeCell("given", "show = lambda v: [a + answer for a in v]"), FIGURE),
        (*LESSON, CodeCell("student", "mine = lines")),
        (*LESSON, CodeCell("student", "mine = globals()['lines']")),
        (*LESSON, CodeCell("given", "first = lines[0]")),
        (*LESSON, CodeCell("test", "assert lines")),
        (IMPORT, DATA, SHOW, CodeCell("given", "lines = show(data)")),
        (IMPORT, DATA, SHOW, CodeCell("student", "lines = show(data)", is_figure=True)),
    ],
    ids=lambda cells: " | ".join(cell.source for cell in cells if cell not in LESSON)[:60],
)
def test_a_figure_is_drawn_anew_where_somebody_could_tell(cells):
    assert same_for_all(cells) == set()


def test_what_a_student_defines_does_not_replace_what_is_given():
    answer = CodeCell("student", "data = [3]\nplt = None")
    assert same_for_all((IMPORT, DATA, SHOW, answer, FIGURE)) == {4}


def test_a_figure_that_was_seen_is_not_run_again():
    figures = Figures()
    assert figures.use_known_figures(LESSON) == LESSON
    picture = [{"output_type": "display_data", "data": {"text/plain": "a picture"}}]
    figures.learn(LESSON, [[], [], [], picture])
    assert [cell.shows for cell in figures.use_known_figures(LESSON)] == [None, None, None, picture]
    figures = Figures()
    figures.learn(LESSON, [[], [], [], [{"output_type": "error", "ename": "MemoryError"}]])
    assert figures.use_known_figures(LESSON) == LESSON  # the next one may have better luck


def test_a_figure_is_drawn_for_those_who_use_it():
    figures = Figures()
    figures.learn(LESSON, [[], [], [], []])
    assert figures.use_known_figures(LESSON) != LESSON
    using_it = (*LESSON, CodeCell("student", "lines"))
    assert figures.use_known_figures(using_it) == using_it


@pytest.mark.slow
@pytest.mark.skipif(
    not all(layer.available for layer in layers()), reason="this machine cannot confine"
)
def test_everyone_is_shown_the_figures_of_the_lesson(tmp_path):
    samples = [one for one in read_samples(SAMPLES) if one.student == "ada"]
    root = prepare(ROOT, tmp_path / "course", samples)
    for file in root.rglob("*.ipynb"):  # one figure's cell defines a name
        lesson = file.read_text(encoding="utf-8")
        assert lesson.count('"lab.show_steps() if ') == 1
        lesson = lesson.replace('"lab.show_steps() if ', '"steps = [lab.show_steps()] if ')
        file.write_text(lesson, encoding="utf-8")
    copies = [root / "submitted" / f"student-{number}" for number in range(6)]
    for copy in copies:
        shutil.copytree(root / "submitted" / "ada", copy)
    # Who uses what a figure's cell defines finds it, at home and here.
    file = copies[-1] / "softmax" / "softmax.ipynb"
    content = json.loads(file.read_text())
    content["cells"].append(nbformat.v4.new_code_cell("print(len(steps))"))
    file.write_text(json.dumps(content))

    course = Course(root, "softmax")
    lines, _ = grade(root, "softmax", settings=Settings(jobs=1))
    assert {(line.status, line.score.points) for line in lines} == {("graded", 30.0)}
    release = course.released()["softmax"]
    shown = set()
    for copy in copies:
        taken = intake.take_in(course.submitted, copy.name, "softmax", "softmax", release)
        cells = course.cells_to_run("softmax", taken.notebook)
        assert sum(cell.is_figure for cell in cells) == 2
        assert len(same_for_all(cells)) == (1 if copy == copies[-1] else 2)
        file = course.autograded(copy.name) / "softmax.ipynb"
        graded = nbformat.read(file, as_version=4)
        figures = [cell for cell in graded.cells if "figure" in cell.metadata.get("tags", ())]
        shown.add(tuple(cell.outputs[0].data["text/html"] for cell in figures))
    assert graded.cells[-1].outputs[0].text == "1\n"
    (pictures,) = shown
    assert [picture.count("<svg") for picture in pictures] == [1, 1]
