"""The contract: which exercises there are, what a student defines in each, what it is worth.

The ids are the nbgrader `grade_id`s of the cells students fill in; `<id>-tests` tests them. The
lesson's metadata repeats the points, and `softmax-lab build` refuses a lesson that disagrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

#: The input of the lesson, x.
X = (1.0, 2.0, 3.0)

#: The five expressions of the experiments, as the students' dictionaries spell them, and what each
#: does to softmax(x).
EFFECTS = MappingProxyType(
    {
        "x + 1": "same",
        "x - 100": "same",
        "x - x.max()": "same",
        "x * 0.5": "flatter",
        "x * 3.0": "sharper",
    }
)

#: The words a student chooses from in `predictions` and `verdicts`.
EFFECT_WORDS = ("same", "flatter", "sharper")


@dataclass(frozen=True)
class Exercise:
    """One automatically marked exercise.

    Attributes:
        id: the grade_id of the student's cell.
        names: what that cell defines, each with the points it carries.

    """

    id: str
    names: MappingProxyType[str, float]

    @property
    def max_points(self) -> float:
        """The points of a right answer."""
        return sum(self.names.values())


def _exercise(id: str, **names: float) -> tuple[str, Exercise]:
    return id, Exercise(id, MappingProxyType(names))


#: Every automatically marked exercise, in the order of the lesson.
EXERCISES = MappingProxyType(
    dict(
        [
            _exercise("explore-largest", logits_for_output_1=1),
            _exercise("softmax", softmax=4),
            _exercise("softmax-of-x", p=1),
            _exercise("predict", predictions=1),
            _exercise(
                "experiments", p_plus_1=1, p_minus_100=1, p_minus_max=1, p_half=1, p_triple=1
            ),
            _exercise("verdicts", verdicts=5),
            _exercise("overflow", x2=1, p_overflow=1, first_step=1),
            _exercise("shifted", p_shifted=1, shift=1),
            _exercise("softmax-stable", softmax_stable=5, p_stable=1),
            _exercise("analysis-shift", y2_y3=1),
            _exercise("analysis-scale", y2_y4=1),
        ]
    )
)

#: Exercises a person marks, with their points. The proof is a bonus: nbgrader has no bonus
#: points, so its cell carries none and the grader gives them as extra credit.
HAND_MARKED = MappingProxyType(
    {
        "explore-equal": 1.0,
        "explore-bigger": 1.0,
        "explore-smaller": 1.0,
        "experiments-why": 2.0,
        "analysis-shift-why": 2.0,
        "analysis-scale-why": 2.0,
        "analysis-overflow": 2.0,
        "analysis-correct": 2.0,
        "analysis-no-nan": 2.0,
        "proof": 0.0,
    }
)
