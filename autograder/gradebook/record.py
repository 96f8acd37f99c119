"""Writes marks into nbgrader's gradebook as its autograde does, one submission a transaction.

nbgrader's own converter opens the gradebook nine times and checks the notebook some 25 times for
each submission. What it records is the same; a test holds both side by side.
"""

from __future__ import annotations

import copy
import errno
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.errors import LabError
from autograder.runner.job import MarkOfTest, Outputs

#: Seconds to wait for another program that writes to the gradebook, such as formgrader.
PATIENCE = 30


class NotRecorded(Exception):
    """One submission could not be recorded; earlier marks are untouched. A sentence for its line.

    Raised where nbgrader, or a preprocessor of the course's configuration, stumbles over what one
    student handed in.
    """


@dataclass(frozen=True)
class Graded:
    """A notebook that has been run.

    Attributes:
        notebook: what intake made of it.
        outputs: of each code cell.
        marks: of each code cell; None for all but tests.

    """

    notebook: NotebookNode
    outputs: Sequence[Outputs]
    marks: Sequence[MarkOfTest | None]

    def marks_by_cell(self) -> dict[str, MarkOfTest]:
        """Return the marks of the tests, by their cells' grade_id."""
        code = (cell for cell in self.notebook.cells if cell.cell_type == "code")
        return {
            cell.metadata.nbgrader["grade_id"]: mark
            for cell, mark in zip(code, self.marks, strict=True)
            if mark is not None
        }


@dataclass
class Score:
    """What the tests of a submission gave.

    Attributes:
        points: of the automatic marks.
        max_points: what these can give.
        waiting: how many answers a person has to mark.
        without_mark: tests that gave no number that counts, and why, by grade_id.

    """

    points: float = 0
    max_points: float = 0
    waiting: int = 0
    without_mark: dict[str, str] = field(default_factory=dict)


class Recorder:
    """The gradebook and the autograded copies of one assignment, open for writing.

    Args:
        gradebook: an open `nbgrader.api.Gradebook`, which the recorder closes.
        converter: an `nbgrader.converters.Autograde` with the course's configuration, for its
            preprocessors, hooks and permissions.
        assignment: the assignment's id; the gradebook knows it.
        released: what students were given, by the notebook's name.
        files: a folder with what else belongs to a submission, or None.
        staging: a folder of ours, where autograded copies are written first.
        logged: gives a context in which nbgrader's words go to the log file.

    Raises:
        LabError: the configuration asks for what cannot be done here.

    """

    def __init__(
        self,
        gradebook: Any,
        converter: Any,
        assignment: str,
        released: Mapping[str, NotebookNode],
        files: Path | None,
        staging: Path,
        logged: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._gradebook, self._converter = gradebook, converter
        self._assignment, self._files = assignment, files
        self._staging, self._logged = staging, logged
        self._log: logging.Logger = converter.log
        with logged():
            self._preprocessors = _preprocessors(converter)
            self._late = _late_penalties(converter)
            self._lessons = {n: self._lesson(n, notebook) for n, notebook in released.items()}

    def close(self) -> None:
        """Close the gradebook."""
        self._gradebook.close()

    def record(
        self, student: str, graded: Mapping[str, Graded], timestamp: str, target: Path
    ) -> Score:
        """Record a student's marks, and put the graded notebooks where formgrader looks for them.

        The notebooks take their place between the last statement of the transaction and its end,
        so that all is recorded or nothing. A process that is killed in the instant between leaves
        new notebooks beside old marks, and no digest: the next run grades that submission again.

        Args:
            student: the student's id.
            graded: by the notebook's name.
            timestamp: when it was handed in, as nbgrader reads it, or "".
            target: the folder of the autograded copies.

        Returns:
            What the tests gave.

        Raises:
            NotRecorded: because of this submission.
            LabError: the gradebook is locked or the disk is full; what was recorded stays.

        """
        try:
            _restore(target)
            with self._logged(), ExitStack() as undo:
                with self._transaction():
                    self._converter.coursedir.student_id = student
                    self._converter.notebooks = [str(target / f"{name}.ipynb") for name in graded]
                    self._converter.run_pre_convert_hook()
                    submission = self._submission(student, timestamp)
                    score, ready = self._process(student, submission, graded)
                    self._write(student, ready, timestamp)
                    self._gradebook.db.flush()
                    undo.callback(_replace(self._staged(student), target))
                undo.pop_all()
                _remove(_aside(target))
                self._converter.run_post_convert_hook()
            return score
        except Exception as error:  # a preprocessor of the course's own may raise anything
            if (cause := _of_the_machine(error)) is not None:
                raise LabError(explain_failure(cause)) from None
            with self._logged():
                self._log.error("recording %s", student, exc_info=True)
            raise NotRecorded(
                f"It could not be recorded ({type(error).__name__}). No mark was recorded; details "
                "are in .softmax-lab/log."
            ) from None
        finally:
            shutil.rmtree(self._staging / student, ignore_errors=True)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Make one transaction of what nbgrader's methods commit one by one."""
        database = self._gradebook.db
        database.commit = database.flush
        try:
            yield
            del database.commit
            database.commit()
        except BaseException:
            with suppress(AttributeError):
                del database.commit
            database.rollback()
            raise
        finally:
            database.expunge_all()  # a class of any size takes the same memory

    def _submission(self, student: str, timestamp: str) -> Any:
        self._gradebook.update_or_create_student(student)
        when = {"timestamp": timestamp} if timestamp else {}
        return self._gradebook.update_or_create_submission(self._assignment, student, **when)

    def _process(
        self, student: str, submission: Any, graded: Mapping[str, Graded]
    ) -> tuple[Score, dict[str, NotebookNode]]:
        """Set marks and comments; return what they come to, and the notebooks as they are kept."""
        score, ready = Score(), {}
        for submitted in submission.notebooks:
            one = graded[submitted.name]
            notebook = self._finished(self._lessons[submitted.name], one)
            resources = {
                "unique_key": submitted.name,
                "output_files_dir": f"{submitted.name}_files",
                "nbgrader": {
                    "student": student,
                    "assignment": self._assignment,
                    "notebook": submitted.name,
                    "db_url": self._converter.coursedir.db_url,
                },
            }
            for preprocessor in self._preprocessors:
                notebook, resources = preprocessor(notebook, resources)
            self._mark(submitted, notebook, one.marks_by_cell(), score)
            submitted.late_submission_penalty = None
            ready[submitted.name] = notebook
        self._gradebook.db.flush()
        late = submission.total_seconds_late
        for submitted in submission.notebooks if late > 0 else ():
            penalty = self._late.plugin_inst.late_submission_penalty(student, submitted.score, late)
            if penalty is not None:
                penalty = self._late._check_late_penalty(submitted, penalty)
                submitted.late_submission_penalty = penalty
        return score, ready

    def _mark(
        self,
        submitted: Any,
        notebook: NotebookNode,
        marks: Mapping[str, MarkOfTest],
        score: Score,
    ) -> None:
        """Set the automatic marks and comments, as nbgrader's SaveAutoGrades does.

        But nbgrader reads a test's points from what its cell shows, and gives all of them where
        that is nothing. Here they are the examiner's own number.
        """
        from nbgrader.utils import compute_checksum, determine_grade, is_solution, is_task

        cells = {
            cell.metadata.nbgrader["grade_id"]: cell
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id")
        }
        for grade in submitted.grades:
            cell = cells[grade.name]
            if is_task(cell):  # its mark is a person's alone
                score.waiting += bool(grade.needs_manual_grade)
                continue
            if cell.cell_type == "code" and not is_solution(cell):
                max_points = float(cell.metadata.nbgrader["points"])
                grade.auto_score, why = points_of(marks[grade.name], max_points)
                if why:
                    score.without_mark[grade.name] = why
            else:
                grade.auto_score, max_points = determine_grade(cell, self._log)
            # Who marked by hand before is asked to look again.
            grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
            score.waiting += grade.needs_manual_grade
            if not is_solution(cell):
                score.points += grade.auto_score or 0
                score.max_points += max_points
        for comment in submitted.comments:
            cell = cells[comment.name]
            unanswered = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            comment.auto_comment = "No response." if unanswered and not is_task(cell) else None

    def _lesson(self, name: str, released: NotebookNode) -> NotebookNode:
        """Return the released notebook with all that the students' copy lacks: hidden tests too."""
        from nbgrader.preprocessors import OverwriteCells, OverwriteKernelspec

        resources = {
            "nbgrader": {
                "assignment": self._assignment,
                "notebook": name,
                "db_url": self._converter.coursedir.db_url,
            }
        }
        notebook = copy.deepcopy(released)
        for kind in (OverwriteKernelspec, OverwriteCells):
            notebook, _ = kind(parent=self._converter).preprocess(notebook, resources)
        return notebook

    def _finished(self, lesson: NotebookNode, graded: Graded) -> NotebookNode:
        """Return a notebook with the lesson's own text and metadata, and its cells' outputs."""
        from nbgrader.utils import is_locked

        own = {
            cell.metadata.nbgrader["grade_id"]: cell
            for cell in lesson.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id")
        }
        notebook = copy.deepcopy(graded.notebook)
        notebook.metadata = copy.deepcopy(lesson.metadata)
        outputs = iter(graded.outputs)
        number = 0
        for cell in notebook.cells:
            known = own.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
            if known is not None:
                cell.metadata = copy.deepcopy(known.metadata)
                if is_locked(known):
                    cell.source = known.source
            if cell.cell_type == "code":
                number += 1
                cell.execution_count = number
                cell.outputs = [_output(one, number) for one in next(outputs)]
        return notebook

    def _staged(self, student: str) -> Path:
        return self._staging / student / self._assignment

    def _write(self, student: str, notebooks: Mapping[str, NotebookNode], timestamp: str) -> None:
        """Write what formgrader and feedback read, first to a folder of its own."""
        folder = self._staged(student)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if self._files is not None:
            shutil.copytree(self._files, folder, dirs_exist_ok=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, folder / f"{name}.ipynb")  # type: ignore[no-untyped-call]
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp, encoding="utf-8")
        self._converter.set_permissions(self._assignment, student)


def points_of(mark: MarkOfTest, max_points: float) -> tuple[float, str]:
    """Return the points of a test, and why these are none where its number does not count."""
    points = max_points if mark.points is None else mark.points
    if mark.why:
        return 0.0, mark.why
    if not 0 <= points <= max_points:
        return 0.0, f"gave {points:g}, which is not between 0 and {max_points:g}"
    return points, ""


def _output(one: dict[str, Any], number: int) -> NotebookNode:
    output: NotebookNode = nbformat.from_dict(one)  # type: ignore[no-untyped-call]
    if output.output_type == "execute_result":
        output.execution_count = number
    return output


def _preprocessors(converter: Any) -> list[Any]:
    """Return those of the course's preprocessors whose work is not done here."""
    from nbgrader import preprocessors as nbgrader

    from autograder.gradebook.plain import NoMarkNoPoints

    done = {
        NoMarkNoPoints,  # marks are the examiner's own numbers
        nbgrader.ClearOutput,  # intake takes no outputs
        nbgrader.DeduplicateIds,  # nor metadata
        nbgrader.OverwriteKernelspec,
        nbgrader.OverwriteCells,
        nbgrader.CheckCellMetadata,
        nbgrader.Execute,
        nbgrader.SaveAutoGrades,
        nbgrader.AssignLatePenalties,
    }
    wanted = [*converter.sanitize_preprocessors, *converter.autograde_preprocessors]
    for kind in wanted:
        if kind not in done and issubclass(kind, tuple(done)):
            raise LabError(
                f"nbgrader_config.py has autograding use {kind.__name__}, which takes the place of "
                f"nbgrader's own {kind.__mro__[1].__name__}; this is only done by "
                "`nbgrader autograde`. Take it out of nbgrader_config.py, or grade with that."
            )
    return [kind(parent=converter) for kind in wanted if kind not in done]


def _late_penalties(converter: Any) -> Any:
    from nbgrader.preprocessors import AssignLatePenalties

    late = AssignLatePenalties(parent=converter)
    late.init_plugin()
    return late


def _replace(staged: Path, target: Path) -> Callable[[], None]:
    """Put a folder in another's place; return what puts the other back.

    Course directories often have `autograded/` on another disk, so the folder is first brought
    beside its place: from there on, nothing is copied and a kill leaves the old or the new.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    new, old = _beside(target, "new"), _aside(target)

    def put_back() -> None:
        _remove(target)
        if old.exists():
            os.replace(old, target)

    _remove(new)  # a killed run's
    try:
        _move(staged, new)
        if target.exists():
            os.replace(target, old)
        try:
            os.replace(new, target)
        except OSError:
            put_back()
            raise
    finally:
        _remove(new)
    return put_back


def _restore(target: Path) -> None:
    """Put back the copies that a run, killed while it moved them, had put aside."""
    old = _aside(target)
    if old.exists() and not target.exists():
        os.replace(old, target)
    _remove(old)


def _move(folder: Path, to: Path) -> None:
    try:
        os.replace(folder, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copytree(folder, to, symlinks=True)


def _remove(folder: Path) -> None:
    """Remove a folder, or a link to one, if it is there."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _aside(target: Path) -> Path:
    """Return where old copies wait for the end of the transaction."""
    return _beside(target, "old")


def _beside(target: Path, what: str) -> Path:
    """Return a neighbour that nbgrader does not see: what it looks for has no leading dot."""
    return target.with_name(f".{target.name}.{what}")


def _of_the_machine(error: BaseException | None) -> BaseException | None:
    """Return what the disk or the database refused, which nbgrader may give another name."""
    from sqlalchemy.exc import OperationalError

    while error is not None and not isinstance(error, (OSError, OperationalError)):
        error = error.__cause__ or error.__context__
    return error


def explain_failure(error: BaseException) -> str:
    """Return why the gradebook or a file cannot be written, and what to do about it."""
    reason = str(getattr(error, "orig", error))
    if "locked" in reason:
        why = (
            f"the gradebook has been in use by another program for {PATIENCE} seconds. Close "
            "whatever is writing to it (formgrader, another grading run)"
        )
    elif "full" in reason or "No space left" in reason:
        why = "the disk is full. Free some space"
    else:
        why = f"something could not be read or written: {reason}. Fix that"
    return f"{why} and start again: what is graded stays graded, and the rest is done then."
