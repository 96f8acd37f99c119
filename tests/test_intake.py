"""What intake makes of submissions that are not as they should be.

The lesson here is a made-up one: intake knows nothing of softmax.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
import tracemalloc
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import compute_checksum

from autograder.intake import matching, submission
from autograder.intake.matching import MAX_COMPARED, Matching, describe, match
from autograder.intake.rebuild import Intake, students, take_in

ROOT = Path(__file__).parents[1]
STUB = "# YOUR CODE HERE"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def _marked(cell, grade_id, *, grade=False, solution=False, points=1):
    cell.id = grade_id
    marks = {"grade_id": grade_id, "grade": grade, "solution": solution, "task": False}
    marks |= {"locked": not solution, "schema_version": 3}
    if grade:
        marks["points"] = points
    cell.metadata.nbgrader = nbformat.from_dict(marks)
    cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return cell


def _prose(text, id):
    cell = new_markdown_cell(text)
    cell.id = id
    return cell


def _lesson():
    """Two hand-marked questions, two exercises with tests, and a plain code cell."""
    cells = [
        _prose("# Numbers\n\nThis lesson is about numbers.", "start"),
        _marked(new_code_cell("import math"), "setup"),
        _prose("## Why\n\nWhy are there numbers?", "why"),
        _marked(
            new_markdown_cell("YOUR ANSWER HERE"),
            "why-numbers",
            grade=True,
            solution=True,
            points=2,
        ),
        _prose("And why so many?", "many"),
        _marked(
            new_markdown_cell("YOUR ANSWER HERE"), "why-many", grade=True, solution=True, points=2
        ),
        _prose("## Double\n\nWrite a function that doubles.", "double-it"),
        _marked(
            new_code_cell(f"def double(n):\n    result = ...\n    {STUB}\n    return result"),
            "double",
            solution=True,
        ),
        _marked(new_code_cell("assert double(2) == 4"), "double-tests", grade=True, points=3),
        _prose("## Halve\n\nSet `half` to half of `double(5)`.", "halve-it"),
        _marked(new_code_cell(f"half = ...\n{STUB}"), "half", solution=True),
        _marked(new_code_cell("assert half == 5"), "half-tests", grade=True, points=1),
    ]
    play = new_code_cell("# Play here.\nmath.sqrt(2)")
    play.id = "play"
    return new_notebook(cells=[*cells, play], metadata={"kernelspec": KERNEL})


RELEASE = _lesson()
ANSWERS = {
    "why-numbers": "Because we count.",
    "why-many": "Because one can always add 1, and $n < n + 1$.",
    "double": "def double(n):\n    return 2 * n",
    "half": "half = double(5) / 2",
}


@pytest.fixture
def notebook():
    """The lesson with every answer given, as a student hands it in."""
    notebook = copy.deepcopy(RELEASE)
    for cell in notebook.cells:
        if cell.id in ANSWERS:
            cell.source = ANSWERS[cell.id]
    return notebook


@pytest.fixture
def hand_in(tmp_path):
    """A function that hands in bytes, text or a notebook, and takes it in."""

    def hand_in(content, name="numbers.ipynb", student="ada") -> Intake:
        folder = tmp_path / "submitted" / student / "numbers"
        folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content)
        if isinstance(content, str):
            content = content.encode()
        (folder / name).write_bytes(content)
        return _take_in(tmp_path, student)

    return hand_in


def _take_in(root, student="ada") -> Intake:
    return take_in(root / "submitted", student, "numbers", "numbers", RELEASE)


def _sources(intake):
    assert intake.notebook is not None, [str(p) for p in intake.problems]
    return {
        c.metadata.nbgrader.grade_id: c.source
        for c in intake.notebook.cells
        if "nbgrader" in c.metadata
    }


def _answers(intake):
    return {id: text for id, text in _sources(intake).items() if id in ANSWERS}


def _kinds(intake):
    return [problem.kind for problem in intake.problems]


def _cell(notebook, id):
    return next(cell for cell in notebook.cells if cell.get("id") == id)


def _stub(id):
    return _cell(RELEASE, id).source


def _the_problem(intake):
    (problem,) = intake.problems
    return problem


# --- What is well stays as it is -----------------------------------------------------------------


def test_an_honest_notebook_has_no_problem(notebook, hand_in):
    assert hand_in(notebook).problems == ()


def test_an_honest_notebook_keeps_every_answer(notebook, hand_in):
    assert _answers(hand_in(notebook)) == ANSWERS


def test_an_untouched_notebook_is_rebuilt_as_it_was_released(hand_in):
    assert hand_in(RELEASE).notebook == RELEASE


def test_the_rebuilt_notebook_is_one_nbgrader_accepts(notebook, hand_in):
    rebuilt = hand_in(notebook).notebook
    nbformat.validate(rebuilt)
    MetadataValidator().validate_nb(rebuilt)


def test_nothing_but_text_is_taken(notebook, hand_in):
    cell = _cell(notebook, "double")
    cell.metadata.nbgrader.points = 100
    cell.metadata.tags = ["skip-execution"]
    cell.outputs = [{"output_type": "stream", "name": "stdout", "text": "3.0"}]
    cell.execution_count = 7
    notebook.metadata.evil = True
    rebuilt = hand_in(notebook).notebook
    expected = copy.deepcopy(_cell(RELEASE, "double"))
    expected.source = ANSWERS["double"]
    assert (_cell(rebuilt, "double"), rebuilt.metadata) == (expected, RELEASE.metadata)


def test_the_released_notebook_is_not_changed(notebook, hand_in):
    before = copy.deepcopy(RELEASE)
    hand_in(notebook)
    assert before == RELEASE


def test_moved_cells_come_back_in_the_order_of_the_lesson(notebook, hand_in):
    notebook.cells.reverse()
    intake = hand_in(notebook)
    assert [c.id for c in intake.notebook.cells] == [c.id for c in RELEASE.cells]
    assert _answers(intake) == ANSWERS


def test_lines_as_a_list_are_joined(notebook, hand_in):
    for cell in notebook.cells:
        cell.source = cell.source.splitlines(keepends=True)
    assert _answers(hand_in(notebook)) == ANSWERS


@pytest.mark.parametrize("change", ["\n", "   \n\n", "\r\n"])
def test_blanks_after_an_unanswered_cell_are_no_answer(hand_in, change):
    notebook = copy.deepcopy(RELEASE)
    _cell(notebook, "why-many").source += change
    assert _sources(hand_in(notebook))["why-many"] == _stub("why-many")


def test_windows_line_ends_become_unix_ones(notebook, hand_in):
    _cell(notebook, "double").source = ANSWERS["double"].replace("\n", "\r\n")
    assert _answers(hand_in(notebook)) == ANSWERS


def test_half_a_surrogate_can_be_written_and_read_again(notebook, hand_in, tmp_path):
    _cell(notebook, "why-many").source = "smile \ud83d"
    rebuilt = hand_in(notebook).notebook
    nbformat.write(rebuilt, tmp_path / "rebuilt.ipynb")


def test_submitted_files_are_never_changed(notebook, hand_in, tmp_path):
    _cell(notebook, "double-tests").source = "pass"
    hand_in(notebook)
    hand_in(b"{", student="blaise")
    before = _fingerprint(tmp_path / "submitted")
    for student in students(tmp_path / "submitted"):
        _take_in(tmp_path, student)
    assert _fingerprint(tmp_path / "submitted") == before


def _fingerprint(folder: Path):
    return {
        path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- Files that cannot be graded -----------------------------------------------------------------

UNUSABLE = {
    "empty": (b"", "empty", "empty"),
    "only blanks": (b" \n\0", "empty", "empty"),
    "breaks off in a string": (
        b'{"cells": [\n {"source": "de',
        "not-json",
        "breaks off: at line 2",
    ),
    "breaks off after a comma": (b'{"cells": [\n', "not-json", "breaks off"),
    "not JSON": (b'{"cells":\n [,' + b" " * 50 + b"]}", "not-json", "at line 2, column 3"),
    "more than JSON": (b'{"cells": []}\n}', "not-json", "after the notebook's end, at line 2"),
    "a line end in a text": (b'{"a\n": 1, "and": "so on"}', "not-json", "character at line 1"),
    "a web page": (b"<!DOCTYPE html><html></html>", "not-json", "a web page"),
    "a ZIP archive": (b"PK\x03\x04 and so on", "not-json", "ZIP"),
    "a number of 5000 digits": (b"[" + b"1" * 5000 + b"]", "not-json", "cannot be read"),
    "nested lists": (b"[" * 200_000, "nesting", "too deeply"),
    "nested dictionaries": (b'{"a":' * 200_000, "nesting", "too deeply"),
    "a list": (b"[]", "not-a-notebook", "not a notebook"),
    "a number": (b"3", "not-a-notebook", "not a notebook"),
    "NaN": (b"NaN", "not-a-notebook", "not a notebook"),
    "no cells": (b'{"nbformat": 4}', "not-a-notebook", "no cells"),
    "cells of another type": (b'{"nbformat": 4, "cells": {}}', "not-a-notebook", "no cells"),
    "an empty list of cells": (b'{"nbformat": 4, "cells": []}', "empty", "no cells"),
    "an unreadable old one": (b'{"nbformat": 3, "worksheets": 3}', "old-format", "old"),
    "too many cells": (b'{"cells": [' + b"{}," * 2000 + b"{}]}", "too-large", "2001 cells"),
}


@pytest.mark.parametrize(("content", "kind", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_file_is_named_and_not_graded(hand_in, content, kind, words):
    intake = hand_in(content)
    problem = intake.problems[-1]
    assert intake.notebook is None
    assert (intake.student, problem.kind, problem.done) == ("ada", kind, "It was not graded.")
    assert words in problem.what


def test_a_file_that_is_too_large_is_not_graded(hand_in, monkeypatch):
    monkeypatch.setattr(submission, "MAX_BYTES", 1000)
    intake = hand_in(b" " * 1001)
    assert (intake.notebook, _kinds(intake)) == (None, ["too-large"])


def _folder(root, student="ada"):
    folder = root / "submitted" / student / "numbers"
    folder.mkdir(parents=True)
    return folder


def test_a_missing_file_is_named(tmp_path):
    _folder(tmp_path)
    assert "numbers.ipynb" in _the_problem(_take_in(tmp_path)).what


def test_a_missing_folder_is_named(tmp_path):
    _folder(tmp_path).rmdir()
    assert "no folder numbers" in _the_problem(_take_in(tmp_path)).what


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    (_folder(tmp_path) / "numbers.ipynb").mkdir()
    assert _the_problem(_take_in(tmp_path)).kind == "not-a-file"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(_folder(tmp_path) / "numbers.ipynb")
    assert _the_problem(_take_in(tmp_path)).kind == "not-a-file"


@pytest.mark.parametrize("target", ["/etc/hostname", "nowhere"])
def test_a_linked_file_is_refused(tmp_path, target):
    (_folder(tmp_path) / "numbers.ipynb").symlink_to(target)
    assert _the_problem(_take_in(tmp_path)).kind == "symlink"


def test_a_linked_folder_is_refused(tmp_path, notebook, hand_in):
    hand_in(notebook, student="ada")
    folder = _folder(tmp_path, "blaise")
    folder.rmdir()
    folder.symlink_to(tmp_path / "submitted" / "ada" / "numbers")
    assert _the_problem(_take_in(tmp_path, "blaise")).kind == "symlink"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path, notebook, hand_in):
    hand_in(notebook)
    (tmp_path / "submitted/ada/numbers/numbers.ipynb").chmod(0)
    assert _the_problem(_take_in(tmp_path)).kind == "unreadable"


@pytest.mark.parametrize(
    "student",
    [
        *("ada ", " ada", "a\nda", "a\x1b31mda", "a\u202eda", "a\u00a0da", "a\u200bda"),
        *("a*", "a?", "a[1]", "a\\b", "a#b", "a%20", "a:b", "a;b", "a|b", "=a", "a`b", "$a", "a~"),
        *("<img src=x onerror=alert(1)>", "a>b", 'a"b', "a&amp;b", "a&b"),
    ],
)
def test_a_folder_name_nbgrader_cannot_work_with_is_named(tmp_path, student):
    problem = _the_problem(_take_in(tmp_path, student))
    assert problem.kind == "student-id"
    assert problem.what.isprintable()


@pytest.mark.parametrize(
    "student", ["Ünal, A", "Ünal Ö.", "{0}", "O'Brien", "-x", "a.b+c@d", "小明", "अनु (1)"]
)
def test_odd_but_harmless_folder_names_are_fine(notebook, hand_in, student):
    assert hand_in(notebook, student=student).problems == ()


def test_another_assignments_notebook_is_refused(hand_in):
    other = new_notebook(
        cells=[
            new_markdown_cell("# Letters"),
            _marked(new_code_cell("alphabet = 'abc'"), "alphabet", solution=True),
            _marked(new_code_cell("assert len(alphabet) == 26"), "alphabet-tests", grade=True),
        ]
    )
    intake = hand_in(other)
    assert (intake.notebook, _kinds(intake)) == (None, ["wrong-assignment"])
    assert "alphabet, alphabet-tests" in _the_problem(intake).what


def test_an_empty_notebook_of_their_own_is_refused(hand_in):
    intake = hand_in(new_notebook(cells=[new_code_cell("")]))
    assert (intake.notebook, _kinds(intake)) == (None, ["wrong-assignment"])


# --- Files that can be repaired ------------------------------------------------------------------


def test_another_file_name_is_graded_and_named(notebook, hand_in):
    intake = hand_in(notebook, name="numbers (1).ipynb")
    assert _answers(intake) == ANSWERS
    assert "numbers (1).ipynb instead of numbers.ipynb" in _the_problem(intake).what


def test_what_macos_puts_beside_a_file_is_no_notebook(notebook, hand_in):
    hand_in("\0\5\26\7", name="._numbers (1).ipynb")
    assert _answers(hand_in(notebook, name="numbers (1).ipynb")) == ANSWERS


def test_two_other_file_names_are_not_guessed_between(notebook, hand_in):
    hand_in(notebook, name="a.ipynb")
    intake = hand_in(notebook, name="b.ipynb")
    assert (intake.notebook, _kinds(intake)) == (None, ["several-files"])
    assert "a.ipynb, b.ipynb" in _the_problem(intake).what


def test_other_files_beside_the_right_one_do_not_matter(notebook, hand_in, tmp_path):
    hand_in("evil = 1", name="torch.py")
    hand_in(notebook, name="numbers-Copy1.ipynb")
    assert hand_in(notebook).problems == ()


def test_bytes_that_are_no_text_are_replaced(notebook, hand_in):
    content = json.dumps(notebook).replace("we count", "we c\\u00f6unt")
    intake = hand_in(content.encode().replace(rb"\u00f6", b"\xf6"))
    assert _the_problem(intake).kind == "encoding"
    assert _answers(intake)["why-numbers"] == "Because we c�unt."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_windows_editors_write_is_read(notebook, hand_in, encoding):
    assert _answers(hand_in(json.dumps(notebook).encode(encoding))) == ANSWERS


def test_nan_outside_the_text_does_not_matter(notebook, hand_in):
    content = json.dumps(notebook).replace('"execution_count": null', '"execution_count": NaN')
    assert hand_in(content).problems == ()


def test_an_old_format_is_converted(hand_in):
    cells = []
    for cell in RELEASE.cells:
        source = ANSWERS.get(cell.id, cell.source)
        text = {"input": source, "language": "python", "outputs": [], "collapsed": False}
        if cell.cell_type == "markdown":
            text = {"source": source}
        cells.append({"cell_type": cell.cell_type, "metadata": cell.metadata, **text})
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    intake = hand_in(old)
    assert _answers(intake) == ANSWERS
    assert "old notebook format 3" in _the_problem(intake).what


def test_a_newer_minor_format_is_read(notebook, hand_in):
    notebook.nbformat_minor = 99
    assert hand_in(notebook).problems == ()


def test_a_newer_major_format_is_read_as_far_as_possible(notebook, hand_in):
    notebook.nbformat = 5
    intake = hand_in(notebook)
    assert (_answers(intake), _kinds(intake)) == (ANSWERS, ["new-format"])


def test_old_nbgrader_metadata_does_not_matter(notebook, hand_in):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 1
    assert hand_in(notebook).problems == ()


def test_another_kernel_is_replaced(notebook, hand_in):
    notebook.metadata.kernelspec.name = "conda-env-school-py"
    intake = hand_in(notebook)
    assert intake.notebook.metadata.kernelspec.name == "python3"
    assert "conda-env-school-py" in _the_problem(intake).what


# --- Cells that can be repaired ------------------------------------------------------------------


def test_a_missing_exercise_counts_as_not_attempted(notebook, hand_in):
    notebook.cells.remove(_cell(notebook, "half"))
    intake = hand_in(notebook)
    assert _sources(intake)["half"] == _stub("half")
    assert (_the_problem(intake).kind, _the_problem(intake).cell) == ("missing-cell", "half")


def test_a_missing_exercise_does_not_undo_what_another_cell_defines(notebook, hand_in):
    notebook.cells.remove(_cell(notebook, "half"))
    _cell(notebook, "double").source += "\nhalf = double(5) / 2"
    intake = hand_in(notebook)
    assert "..." not in _sources(intake)["half"]
    assert "half is taken from another cell" in _the_problem(intake).done


def test_a_missing_test_cell_is_put_back(notebook, hand_in):
    notebook.cells.remove(_cell(notebook, "double-tests"))
    intake = hand_in(notebook)
    assert _sources(intake)["double-tests"] == _stub("double-tests")
    assert _the_problem(intake).done == "It was put back."


@pytest.mark.parametrize("id", ["double-tests", "setup"])
def test_an_edited_locked_cell_is_replaced(notebook, hand_in, id):
    _cell(notebook, id).source = "print('all fine')"
    intake = hand_in(notebook)
    assert _sources(intake)[id] == _stub(id)
    assert (_the_problem(intake).kind, _the_problem(intake).cell) == ("edited-cell", id)


def test_of_two_cells_with_one_id_the_changed_one_is_taken(notebook, hand_in):
    place = notebook.cells.index(_cell(notebook, "double"))
    for where in (place, place + 1):
        twice = copy.deepcopy(notebook)
        twice.cells.insert(where, copy.deepcopy(_cell(RELEASE, "double")))
        intake = hand_in(twice)
        assert _sources(intake)["double"] == ANSWERS["double"]
        assert "2 times, one of them changed" in _the_problem(intake).what


def test_of_two_changed_cells_the_last_is_taken_and_the_first_kept(notebook, hand_in):
    place = notebook.cells.index(_cell(notebook, "double"))
    half = copy.deepcopy(_cell(notebook, "double"))
    half.source = "factor = 2"
    notebook.cells.insert(place, half)
    intake = hand_in(notebook)
    texts = [cell.source for cell in intake.notebook.cells]
    assert _sources(intake)["double"] == ANSWERS["double"]
    assert texts.index("factor = 2") == texts.index(ANSWERS["double"]) - 1
    assert "The last one before the next cell" in _the_problem(intake).done


def test_a_changed_copy_behind_the_tests_is_not_the_answer(notebook, hand_in):
    late = copy.deepcopy(_cell(notebook, "double"))
    late.source = "def double(n):\n    return 'too late'"
    notebook.cells.append(late)
    assert _answers(hand_in(notebook)) == ANSWERS


def test_a_repeated_test_cell_is_used_once(notebook, hand_in):
    copied = copy.deepcopy(_cell(notebook, "double-tests"))
    copied.source = "pass"
    notebook.cells.append(copied)
    intake = hand_in(notebook)
    assert [c.source for c in intake.notebook.cells if c.source == "pass"] == []
    assert _kinds(intake) == ["duplicate-cell"]


@pytest.mark.parametrize(("id", "cell_type"), [("why-many", "code"), ("half", "markdown")])
def test_a_changed_cell_type_is_changed_back(notebook, hand_in, id, cell_type):
    cell = _cell(notebook, id)
    cell.cell_type = cell_type
    intake = hand_in(notebook)
    assert _answers(intake) == ANSWERS
    assert _cell(intake.notebook, id).cell_type == _cell(RELEASE, id).cell_type
    assert (_the_problem(intake).kind, _the_problem(intake).cell) == ("cell-type", id)


@pytest.mark.parametrize("source", [None, 3, float("nan"), {"a": 1}, ["a", 2]])
def test_a_source_of_a_wrong_type_counts_as_missing(notebook, hand_in, source):
    _cell(notebook, "half")["source"] = source
    intake = hand_in(notebook)
    assert _sources(intake)["half"] == _stub("half")
    assert _kinds(intake) == ["broken-cell", "missing-cell"]
    assert "half" in intake.problems[0].what


def test_a_cell_without_source_counts_as_missing(notebook, hand_in):
    del _cell(notebook, "half")["source"]
    assert _kinds(hand_in(notebook)) == ["broken-cell", "missing-cell"]


@pytest.mark.parametrize("thing", [None, 3, "text", []])
def test_a_cell_of_a_wrong_type_is_left_out(notebook, hand_in, thing):
    notebook.cells.insert(3, thing)
    intake = hand_in(notebook)
    assert (_answers(intake), _kinds(intake)) == (ANSWERS, ["broken-cell"])


@pytest.mark.parametrize("metadata", [None, 3, [], {"nbgrader": 3}, {"nbgrader": {"grade_id": []}}])
def test_metadata_of_a_wrong_type_is_no_metadata(notebook, hand_in, metadata):
    _cell(notebook, "half")["metadata"] = metadata
    assert _answers(hand_in(notebook)) == ANSWERS


# --- Metadata that is lost -----------------------------------------------------------------------


@pytest.fixture
def stripped(notebook):
    """The answered lesson as an editor saves it that drops metadata and cell ids."""
    for cell in notebook.cells:
        cell.metadata = {}
        del cell["id"]
    notebook.nbformat_minor = 0
    return notebook


def test_answers_without_metadata_are_found(stripped, hand_in):
    intake = hand_in(stripped)
    assert _answers(intake) == ANSWERS
    assert _the_problem(intake).kind == "metadata"


def test_how_they_were_matched_is_said(stripped, hand_in):
    done = _the_problem(hand_in(stripped)).done
    assert "by text" in done
    assert "Look at those matched by position: why-numbers, why-many." in done


def test_an_unanswered_one_among_them_keeps_its_place(stripped, hand_in):
    stripped.cells[3].source = "YOUR ANSWER HERE"
    answers = _answers(hand_in(stripped))
    assert answers == ANSWERS | {"why-numbers": "YOUR ANSWER HERE"}


def test_helpers_without_metadata_are_not_taken_for_answers(stripped, hand_in):
    stripped.cells.insert(7, new_code_cell("factor = 2"))
    stripped.cells.insert(6, new_markdown_cell("A note to myself."))
    assert _answers(hand_in(stripped)) == ANSWERS


def test_edited_tests_without_metadata_are_not_taken_for_answers(stripped, hand_in):
    stripped.cells[8].source = "assert double(2) == 4 or True"
    intake = hand_in(stripped)
    assert _answers(intake) == ANSWERS
    assert _sources(intake)["double-tests"] == _stub("double-tests")


def test_ids_that_colab_keeps_in_the_metadata_are_used(stripped, hand_in):
    for cell, released in zip(stripped.cells, RELEASE.cells, strict=True):
        cell.metadata = {"id": released.id}
    intake = hand_in(stripped)
    assert _answers(intake) == ANSWERS
    assert "by cell id (4)" in _the_problem(intake).done


def test_one_cell_that_lost_its_metadata_is_named(notebook, hand_in):
    cell = _cell(notebook, "half")
    cell.metadata, cell.id = {}, "other"
    intake = hand_in(notebook)
    assert _answers(intake) == ANSWERS
    assert (_the_problem(intake).kind, _the_problem(intake).cell) == ("metadata", "half")


def test_a_thousand_look_alikes_do_not_take_for_ever(stripped, hand_in):
    stripped.cells[8:8] = [new_code_cell(f"{n} = def double(n):\n" * 50) for n in range(950)]
    assert _answers(hand_in(stripped))["double"] == ANSWERS["double"]


def _landmarks_without_end(released):
    """Return copies of one cell, each a landmark, and between them what looks like other cells."""
    cells = []
    shuffle = random.Random(0).shuffle
    for number in range(60):
        landmark = copy.deepcopy(_cell(released, "double-tests"))
        landmark.metadata, landmark.id = {}, f"landmark-{number}"
        cells.append(landmark)
        for other in ("double", "half-tests"):
            letters = list(_cell(released, other).source)
            shuffle(letters)
            cells.append(new_code_cell("".join(letters)))
    return [_cell(released, "double"), _cell(released, "half"), *cells]


def test_what_is_compared_is_limited_for_all_of_a_notebook(notebook, hand_in, monkeypatch):
    notebook.cells = _landmarks_without_end(notebook)
    assert hand_in(notebook).notebook is not None
    monkeypatch.setattr(matching, "MAX_COMPARED", 1_000)
    intake = hand_in(notebook)
    assert intake.notebook is None
    assert intake.problems[-1].kind == "too-large"


def test_the_lesson_s_own_notebook_needs_little_of_that(monkeypatch):
    """Even with every cell edited, every id lost and nothing but the order kept."""
    release = nbformat.read(ROOT / "release" / "softmax" / "softmax.ipynb", as_version=4)
    left = []
    similarity = Matching.similarity

    def counting(one, a, b):
        alike = similarity(one, a, b)
        left.append(one.left)
        return alike

    monkeypatch.setattr(Matching, "similarity", counting)
    notebook = copy.deepcopy(release)
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"lost-{number}"
        cell.source += "\n# my notes"
    cells, _ = submission.read_cells(nbformat.writes(notebook), [])
    match([describe(n, cell) for n, cell in enumerate(release.cells)], cells, [])
    assert min(left) > MAX_COMPARED / 2


@pytest.mark.parametrize("name", ["other.ipynb", "numbers.ipynb"])
def test_of_many_large_files_only_what_is_wanted_is_read(tmp_path, name):
    for number in range(100):
        with open(tmp_path / f"{number}.ipynb", "wb") as file:
            file.truncate(submission.MAX_BYTES)
    tracemalloc.start()
    (tmp_path / name).write_text("{}")
    parts = list(map(len, submission.contents(tmp_path, ["numbers.ipynb"])))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(parts) > 100
    assert peak < 2 * submission.MAX_BYTES


def test_a_folder_of_very_many_files_is_refused(tmp_path):
    for number in range(submission.MAX_FILES + 1):
        (tmp_path / f"{number}.ipynb").touch()
    with pytest.raises(submission.Unusable, match="more than"):
        submission.notebooks_in(tmp_path)


def test_only_the_answers_in_a_notebook_of_their_own_are_found(hand_in):
    cells = [new_code_cell(ANSWERS["double"]), new_code_cell(ANSWERS["half"])]
    answers = _answers(hand_in(new_notebook(cells=cells)))
    assert answers["double"] == ANSWERS["double"]
    assert answers["half"] == ANSWERS["half"]


# --- Cells the student added ---------------------------------------------------------------------


def test_added_code_stays_where_it_was(notebook, hand_in):
    helper = new_code_cell("def twice(n):\n    return n + n")
    helper.metadata = {"tags": ["skip-execution"], "nbgrader": {"grade_id": "mine", "grade": True}}
    place = notebook.cells.index(_cell(notebook, "double"))
    notebook.cells.insert(place, helper)
    intake = hand_in(notebook)
    added = intake.notebook.cells[place]
    assert (added.source, added.metadata, intake.problems) == (helper.source, {}, ())


def test_added_notes_stay_where_they_were(notebook, hand_in):
    notebook.cells.append(new_markdown_cell("See my *notes*: $a<b$."))
    assert hand_in(notebook).notebook.cells[-1].source == "See my *notes*: $a<b$."


def test_added_cells_at_the_top_stay_there(notebook, hand_in):
    notebook.cells.insert(0, new_code_cell("import random"))
    assert hand_in(notebook).notebook.cells[0].source == "import random"


def test_empty_added_cells_are_left_out(notebook, hand_in):
    notebook.cells.insert(4, new_code_cell("\n"))
    assert len(hand_in(notebook).notebook.cells) == len(RELEASE.cells)


def test_edits_of_an_open_cell_follow_the_original(notebook, hand_in):
    _cell(notebook, "play").source = "# Play here.\nmath.sqrt(3)"
    texts = [cell.source for cell in hand_in(notebook).notebook.cells]
    assert texts[-2:] == [_stub("play"), "# Play here.\nmath.sqrt(3)"]


def test_cell_ids_stay_unique(notebook, hand_in):
    for _ in range(3):
        notebook.cells.insert(1, new_code_cell("pass"))
    ids = [cell.id for cell in hand_in(notebook).notebook.cells]
    assert len(set(ids)) == len(ids)


def test_the_same_file_is_rebuilt_the_same_way(notebook, hand_in):
    notebook.cells.insert(1, new_code_cell("pass"))
    assert hand_in(notebook).notebook == hand_in(notebook).notebook


def test_a_pasted_picture_is_part_of_an_answer(notebook, hand_in):
    cell = _cell(notebook, "why-many")
    cell.source = "![proof.png](attachment:proof.png)"
    cell.attachments = {"proof.png": {"image/png": "iVBORw0KGgo="}}
    intake = hand_in(notebook)
    rebuilt = _cell(intake.notebook, "why-many")
    assert (rebuilt.source, rebuilt.attachments) == (cell.source, cell.attachments)
    assert intake.problems == ()


@pytest.mark.parametrize("picture", [{"text/html": "PGI+"}, {"image/png": '"><script>'}, 3])
def test_other_attachments_are_not_taken(notebook, hand_in, picture):
    _cell(notebook, "why-many").attachments = {"proof.png": picture}
    assert "attachments" not in _cell(hand_in(notebook).notebook, "why-many")


WRITTEN = [
    "$a<b$ and `x<y`, so **x** < y",
    "<script>alert(1)</script> <!-- note -->",
    "![x](https://a.org/b.png) ![x](attachment:gone.png)",
    "# Mine\r\n\r\n</div></div>",
    "\\\\[" * 400,
]


@pytest.mark.parametrize("text", WRITTEN, ids=lambda text: text[:20])
def test_what_is_written_is_taken_to_the_letter(notebook, hand_in, text):
    """What a page shows of it is the page's business: tests/test_feedback.py."""
    _cell(notebook, "why-many").source = text
    notebook.cells.append(new_markdown_cell(text))
    intake = hand_in(notebook)
    typed = text.replace("\r\n", "\n")
    assert _sources(intake)["why-many"] == intake.notebook.cells[-1].source == typed
    assert intake.problems == ()
