"""Makes the students' copy with nbgrader itself, and makes sure that it gives nothing away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.build.headers import ANSWER, Contract, role_of
from autograder.build.lesson_text import LessonCell, regions
from autograder.errors import CONFIG, LabError

#: A shorter line, such as `else:`, says nothing about where it came from.
TELLING = 8


def generate(source: str, assignment: str, root: Path) -> str:
    """Return the students' copy of an instructor's notebook, as `nbgrader generate_assignment`.

    It works in a temporary course with the settings of `root`, without a gradebook.

    Raises:
        LabError: with nbgrader's own words, if nbgrader refuses the notebook.

    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True
    with tempfile.TemporaryDirectory(prefix="softmax-lab-") as course:
        before = Path(course, "source", assignment, f"{assignment}.ipynb")
        before.parent.mkdir(parents=True)
        before.write_text(source, encoding="utf-8")
        # A real path: nbgrader compares paths as text, and macOS links its temporary directory.
        coursedir = CourseDirectory(
            config=config, root=str(Path(course).resolve()), assignment_id=assignment
        )
        result = capture_log(GenerateAssignment(coursedir=coursedir, config=config))
        if not result["success"]:
            words = result.get("log") or result["error"]
            raise LabError(f"nbgrader could not make the students' copy:\n{words.strip()}")
        after = Path(course, "release", assignment, f"{assignment}.ipynb")
        return after.read_text(encoding="utf-8")


def find_leaks(cells: list[LessonCell], release: Any, contract: Contract) -> Iterator[str]:
    """Yield what a release notebook should not hold: answers, hidden tests, rubrics, outputs.

    `cells` are those of the lesson's text. A line that the text also shows outside regions is
    not a secret, nor is one of fewer than `TELLING` characters, or of one word.
    """
    secret: dict[str, str] = {}
    public: list[str] = []
    for cell in cells:
        found = regions(cell)
        hidden = {i for region in found for i in region.lines}
        answer = role_of(cell.grade_id, contract) is ANSWER and not found
        for i, line in enumerate(cell.source.split("\n")):
            if answer or i in hidden:
                secret.setdefault(line.strip(), cell.label)
            else:
                public.append(line)
    known = "\n".join(public)
    shown = "\n".join(cell.source for cell in release.cells)
    for line, name in secret.items():
        is_word = line.strip(".,;:").isalpha()
        if len(line) >= TELLING and not is_word and line in shown and line not in known:
            yield f"{name}: the students' copy shows {line!r}"
    for cell in release.cells:
        if cell.get("outputs") or cell.get("attachments"):
            yield f"cell {cell.id}: the students' copy holds an output or an attachment"


def find_broken_code(release: Any) -> Iterator[str]:
    """Yield the code cells of a release notebook that are not valid Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    python = TransformerManager()  # type: ignore[no-untyped-call]
    for cell in release.cells:
        if cell.cell_type != "code":
            continue
        try:
            compile(python.transform_cell(cell.source), "<cell>", "exec")
        except SyntaxError as error:
            yield (
                f"cell {cell.id}: without its solution it is not valid Python ({error.msg}, line "
                f"{error.lineno}): leave a `...` outside the region"
            )
