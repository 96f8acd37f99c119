"""What the gradebook's reader tells of a class, and that a larger class costs no more queries."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import event

from autograder.gradebook.reader import (
    GradedNotebook,
    MarkedCell,
    read_assignments,
    read_graded,
    read_marks,
    read_students,
)

# nbgrader 0.9.6 makes its gradebook objects in an order that SQLAlchemy comments on.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Two assignments of two notebooks; ada and bob handed in one of them, cy neither."""
    file = tmp_path_factory.mktemp("course") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:  # nbgrader starts `alembic` by name
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        gradebook = Gradebook(f"sqlite:///{file}", "course")
    with gradebook:
        for name in ("zeros", "ones"):
            gradebook.add_assignment(name, course_id="course")
            gradebook.add_notebook("two", name)
            gradebook.add_notebook("one", name)
            gradebook.add_grade_cell("b", "one", name, max_score=2.5, cell_type="code")
            gradebook.add_grade_cell("a", "one", name, max_score=10, cell_type="markdown")
            gradebook.add_solution_cell("a", "one", name)
            gradebook.add_task_cell("a", "two", name, max_score=5, cell_type="markdown")
        gradebook.add_student("cy", first_name="Cy")
        gradebook.add_student("bob", last_name="Byte", email="b@example.org", lms_user_id="7")
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace")
        for student in ("bob", "ada"):
            gradebook.add_submission("ones", student)
    return file


@pytest.fixture
def gradebook(file, tmp_path):
    copy = shutil.copy(file, tmp_path)
    with Gradebook(f"sqlite:///{copy}", "course") as gradebook:
        yield gradebook


def _marks(gradebook, student):
    (one,) = (s for s in read_marks(gradebook, "ones").submissions if s.student == student)
    return one


def test_the_class_is_sorted_by_name_and_knows_no_more_than_the_gradebook(gradebook):
    assert [one.name for one in read_students(gradebook)] == ["Cy", "Byte", "Lovelace, Ada"]
    cy, bob, _ = read_students(gradebook)
    assert (cy.id, cy.last_name, cy.email, cy.lms_user_id) == ("cy", "", "", "")
    assert (bob.email, bob.lms_user_id) == ("b@example.org", "7")


def test_what_is_marked_is_told_by_notebook_and_name(gradebook):
    assert read_assignments(gradebook) == ["ones", "zeros"]
    book = read_marks(gradebook, "ones")
    assert book.notebooks == ("one", "two")
    assert book.cells == (
        MarkedCell("one", "a", 10, by_hand=True),
        MarkedCell("one", "b", 2.5, by_hand=False),
        MarkedCell("two", "a", 5, by_hand=True),
    )
    assert book.max_points == 17.5


def test_points_are_nbgraders_with_extra_credit_and_less_what_is_late(gradebook):
    test = gradebook.find_grade("b", "one", "ones", "ada")
    test.auto_score, test.needs_manual_grade = 2, False
    answer = gradebook.find_grade("a", "one", "ones", "ada")
    answer.manual_score, answer.extra_credit, answer.needs_manual_grade = 6, 1.5, False
    late = gradebook.find_submission_notebook("two", "ones", "ada")
    late.late_submission_penalty, late.flagged = 3, True
    gradebook.db.commit()
    ada, bob = _marks(gradebook, "ada"), _marks(gradebook, "bob")
    assert [(m.points, m.automatic, m.is_a_persons) for m in ada.marks[:2]] == [
        (7.5, None, True),
        (2, 2, False),
    ]
    assert (ada.automatic, ada.max_automatic, ada.penalty, ada.total) == (2, 2.5, 3, 6.5)
    assert {n.name: (n.penalty, n.is_flagged) for n in ada.notebooks} == {
        "one": (0, False),
        "two": (3, True),
    }
    assert GradedNotebook(late.id, "two", 3, True) in ada.notebooks
    assert (bob.total, bob.penalty) == (0, 0)
    for one in gradebook.assignment_submissions("ones"):
        expected = max(0, one.score - one.late_submission_penalty)
        assert _marks(gradebook, one.student_id).total == expected


def test_a_penalty_takes_no_more_than_there_is(gradebook):
    gradebook.find_submission_notebook("one", "ones", "bob").late_submission_penalty = 99
    gradebook.db.commit()
    assert _marks(gradebook, "bob").total == 0


def test_what_waits_is_counted(gradebook):
    for grade in _grades(gradebook, "ada"):
        grade.needs_manual_grade = grade.name == "a"
    gradebook.db.commit()
    assert _marks(gradebook, "ada").waiting == 2


def test_nothing_is_told_of_what_the_gradebook_does_not_know(gradebook):
    assert read_graded(gradebook, "ones") == {"ada", "bob"}
    assert read_marks(gradebook, "zeros").submissions == ()
    unknown = read_marks(gradebook, "twos")
    assert (unknown.notebooks, unknown.cells, unknown.submissions) == ((), (), ())
    assert read_graded(gradebook, "twos") == set()


def test_a_larger_class_costs_no_more_queries(gradebook):
    asked = []
    event.listen(
        gradebook.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2])
    )

    def queries():
        gradebook.db.expire_all()
        asked.clear()
        read_marks(gradebook, "ones")
        return len(asked)

    few = queries()
    for number in range(20):
        gradebook.add_student(f"s{number}")
        gradebook.add_submission("ones", f"s{number}")
    assert queries() == few
    assert len(read_marks(gradebook, "ones").submissions) == 22


def _grades(gradebook, student):
    submission = gradebook.find_submission("ones", student)
    return [grade for notebook in submission.notebooks for grade in notebook.grades]
