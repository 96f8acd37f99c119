"""An assignment of a course directory as nbgrader sees it: folders, gradebook, converters."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.errors import LabError
from autograder.gradebook import record
from autograder.gradebook.application import LogFile, configured
from autograder.gradebook.reader import StudentMarks, read_graded, read_marks
from autograder.gradebook.record import Recorder, explain_failure
from autograder.runner.job import FIGURE, CellKind, CodeCell

#: What this tool keeps in a course directory, and may be deleted when nothing runs.
STATE = ".softmax-lab"


class Course:
    """One assignment of a course directory.

    Args:
        root: the course directory.
        assignment: the assignment's id.

    Raises:
        LabError: the configuration cannot be loaded, or there is no source notebook.

    """

    def __init__(self, root: Path, assignment: str) -> None:
        self.root = root.resolve()
        self.assignment = assignment
        self.state = self.root / STATE
        self._originals: dict[str, dict[str, str]] = {}
        self._app = configured(self.root)
        self._log = LogFile(self.state / "log", self._app.log)
        self.sources = sorted(self._folder("source_directory", ".").glob("*.ipynb"))
        if not self.sources:
            raise LabError(
                f"there is no notebook in {self._folder('source_directory', '.')}: "
                "run `softmax-lab build`, or name the assignment and the course directory."
            )

    @property
    def submitted(self) -> Path:
        """The folder that holds a folder for each student."""
        return self.root / str(self._directory().submitted_directory)

    def autograded(self, student: str) -> Path:
        """Return the folder that formgrader and feedback read for a student."""
        return self._folder("autograded_directory", student)

    def register(self) -> None:
        """Record the source's cells and points in the gradebook; `release/` is left alone.

        Raises:
            LabError: a source is not a notebook; or nbgrader refused, most likely because the
                gradebook holds marks of cells that the source no longer has.

        """
        from nbgrader.converters import GenerateAssignment

        for source in self.sources:
            _notebook(source)  # nbgrader would not name the file
        with self._log.taking() as lines:
            directory = self._directory(release_directory=f"{STATE}/release")
            converter = GenerateAssignment(coursedir=directory, parent=self._app)
            converter.force = converter.create_assignment = True
            try:
                converter.start()
            except Exception as error:  # nbgrader's own kinds, SystemExit not among them
                raise LabError(self._refusal(lines, error)) from None

    def _refusal(self, lines: list[str], error: Exception) -> str:
        text = "\n".join(lines)
        if "Cannot add or remove cells" in text or "Cannot modify existing" in text:
            return (
                f"the gradebook has marks for an older {self.assignment}, whose cells differ from "
                "source/. Keep a copy of gradebook.db, delete them with "
                f"`nbgrader db assignment remove {self.assignment} --force`, and grade again."
            )
        return f"nbgrader cannot read the source: {error}. Details are in {self._log.file}."

    def is_registered(self) -> bool:
        """Whether the gradebook knows the assignment, and `released` can answer."""
        from nbgrader.api import MissingEntry

        with self._gradebook() as gradebook:
            try:
                known = {n.name for n in gradebook.find_assignment(self.assignment).notebooks}
            except MissingEntry:
                return False
        kept = self.state / "release" / self.assignment
        return all(s.stem in known and (kept / s.name).is_file() for s in self.sources)

    def released(self) -> dict[str, NotebookNode]:
        """Return what students are given, by notebook name, as the source makes it now."""
        folder = self.state / "release" / self.assignment
        return {source.stem: _notebook(folder / source.name) for source in self.sources}

    def release_is_current(self) -> bool:
        """Whether `release/` holds what the source makes now."""
        released = self._folder("release_directory", ".")
        return all(
            (released / f"{name}.ipynb").is_file()
            and _essence(_notebook(released / f"{name}.ipynb")) == _essence(notebook)
            for name, notebook in self.released().items()
        )

    def extra_files(self) -> Path | None:
        """Return a folder with the files beside the source's notebooks; None if there are none."""
        from nbgrader.utils import find_all_files

        source = self._folder("source_directory", ".")
        found = find_all_files(str(source), [*self._directory().ignore, "*.ipynb"])
        folder = self.state / "files" / self.assignment
        shutil.rmtree(folder, ignore_errors=True)
        for file in map(Path, found):
            copy = folder / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
        return folder if found else None

    def cells_to_run(self, name: str, rebuilt: NotebookNode) -> tuple[CodeCell, ...]:
        """Return the code cells of a rebuilt notebook, the lesson's own with the source's text.

        Args:
            name: the notebook's name.
            rebuilt: what intake made of a submission.

        """
        from nbgrader.utils import is_grade, is_locked

        if name not in self._originals:
            source = _notebook(next(path for path in self.sources if path.stem == name))
            cells = (cell for cell in source.cells if is_locked(cell))
            self._originals[name] = {c.metadata.nbgrader["grade_id"]: c.source for c in cells}
        originals = self._originals[name]
        run = []
        for cell in rebuilt.cells:
            if cell.cell_type == "code" and is_locked(cell):
                kind: CellKind = "test" if is_grade(cell) else "given"
                is_figure = kind == "given" and FIGURE in cell.metadata.get("tags", ())
                original = originals[cell.metadata.nbgrader["grade_id"]]
                run.append(CodeCell(kind, original, is_figure))
            elif cell.cell_type == "code":
                run.append(CodeCell("student", cell.source))
        return tuple(run)

    @contextlib.contextmanager
    def recorder(self, files: Path | None) -> Iterator[Recorder]:
        """Open the gradebook for a run.

        Args:
            files: what `extra_files` gave.

        Raises:
            LabError: it cannot be opened, or the configuration asks for what cannot be done.

        """
        from nbgrader.converters import Autograde

        directory = self._directory(autograded_directory=f"{STATE}/autograded")
        converter = Autograde(coursedir=directory, parent=self._app)
        recorder = Recorder(
            self._gradebook(),
            converter,
            self.assignment,
            self.released(),
            files,
            self.state / "autograded",
            self._log.taking,
        )
        try:
            yield recorder
        finally:
            recorder.close()

    def graded(self) -> set[str]:
        """Return who has marks in the gradebook."""
        with self._gradebook() as gradebook:
            return read_graded(gradebook, self.assignment)

    def gradebook(self) -> Any:
        """Return the open `nbgrader.api.Gradebook`; the caller closes it.

        Raises:
            LabError: there is none yet, or it cannot be opened.

        """
        url = str(self._directory().db_url)
        file = url.removeprefix("sqlite:///")
        if file != url and not Path(file).is_file():
            raise LabError(
                f"there is no gradebook {file}: `softmax-lab grade {self.assignment}` first, or "
                "name the course directory."
            )
        return self._gradebook()

    def marks(self) -> tuple[StudentMarks, ...]:
        """Return the marks of everyone who has some, by student."""
        with self._gradebook() as gradebook:
            return read_marks(gradebook, self.assignment).submissions

    def generate_feedback(self) -> None:
        """Write the feedback pages of everyone who is graded.

        Raises:
            LabError: nbgrader could not.

        """
        from nbgrader.converters import GenerateFeedback

        with self._log.taking():
            converter = GenerateFeedback(coursedir=self._directory(), parent=self._app)
            converter.force = True
            try:
                converter.start()
            except Exception as error:
                raise LabError(
                    f"nbgrader cannot write the feedback: {error}. See {self._log.file}."
                ) from None

    def export(self, file: Path) -> None:
        """Write everyone's points as a table of comma-separated values."""
        from nbgrader.plugins import CsvExportPlugin

        with self._log.taking(), self._gradebook() as gradebook:
            exporter = CsvExportPlugin(parent=self._app)
            exporter.to = str(file)
            exporter.export(gradebook)

    def _folder(self, which: str, student: str) -> Path:
        directory = self._directory()
        step = getattr(directory, which)
        return Path(os.path.normpath(directory.format_path(step, student, self.assignment)))

    def _directory(self, **settings: Any) -> Any:
        from nbgrader.coursedir import CourseDirectory

        directory = CourseDirectory(parent=self._app, root=str(self.root))
        directory.assignment_id = self.assignment
        for name, value in settings.items():
            setattr(directory, name, value)
        return directory

    def _gradebook(self) -> Any:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SQLAlchemyError

        directory = self._directory()
        url = str(directory.db_url)
        if url.startswith("sqlite:///") and "?" not in url:
            url += f"?timeout={record.PATIENCE}"  # how long to wait for another program's lock
        try:
            return Gradebook(url, directory.course_id)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error))
            if "locked" in reason:
                raise LabError(explain_failure(error)) from None
            raise LabError(
                f"the gradebook {directory.db_url} cannot be opened: {reason}. If nbgrader was "
                "upgraded, keep a copy of it and run `nbgrader db upgrade`; if it is broken, put "
                "a copy that works in its place."
            ) from None


def _notebook(file: Path) -> NotebookNode:
    try:
        notebook: NotebookNode = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise LabError(f"{file} is not a notebook: {error}.") from None
    return notebook


def _essence(notebook: NotebookNode) -> list[tuple[str, str, str]]:
    return [
        (c.cell_type, c.source, c.metadata.get("nbgrader", {}).get("grade_id", ""))
        for c in notebook.cells
    ]
