"""Make a large class of a small graded one, without grading: for measurements.

python tests/big_class.py COURSE COUNT
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from nbgrader.api import (
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)


def enlarge(course: Path, count: int, assignment: str = "softmax") -> None:
    """Add copies of graded students, with their marks and graded notebooks, up to `count`."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "softmax-lab") as gradebook:
        db = gradebook.db
        id = gradebook.find_assignment(assignment).id
        models = list(gradebook.find_assignment(assignment).submissions)
        rows = {kind: [] for kind in (Student, SubmittedAssignment, SubmittedNotebook, Grade)}
        for number in range(len(gradebook.students), count):
            model = models[number % len(models)]
            student, submission = f"copy-{number:05}", new_uuid()
            rows[Student].append(
                {"id": student, "first_name": "Zoë", "last_name": f"O’Brien-{number}"}
            )
            rows[SubmittedAssignment].append(
                {"id": submission, "assignment_id": id, "student_id": student}
            )
            for notebook in model.notebooks:
                copy = new_uuid()
                rows[SubmittedNotebook].append(
                    {"id": copy, "assignment_id": submission, "notebook_id": notebook.notebook_id}
                )
                rows[Grade] += [
                    {
                        "id": new_uuid(),
                        "notebook_id": copy,
                        "cell_id": grade.cell_id,
                        "auto_score": grade.auto_score,
                        "manual_score": grade.manual_score,
                        "extra_credit": grade.extra_credit,
                        "needs_manual_grade": grade.needs_manual_grade,
                    }
                    for grade in notebook.grades
                ]
            for step in ("submitted", "autograded"):
                shutil.copytree(course / step / model.student.id, course / step / student)
        for kind, values in rows.items():
            if values:
                db.execute(kind.__table__.insert(), values)
        db.commit()


def main() -> None:
    """Enlarge a course, and say what its report costs in time and memory."""
    import resource

    from autograder.results.class_report import write_report

    course, count = Path(sys.argv[1]), int(sys.argv[2])
    enlarge(course, count)
    started, cpu = time.perf_counter(), time.process_time()
    written = write_report(course, "softmax")
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = written.page.stat().st_size / 1e6
    print(
        f"{len(written.results.submissions)} students: {seconds:.1f} s, {cpu:.1f} CPU s, "
        f"at most {peak:.0f} MiB in all, a page of {size:.1f} MB"
    )


if __name__ == "__main__":
    main()
