"""What the whole test run is told: which worker takes which tests, and the lines at its end.

The lines say how many wrong answers were caught, how many right accepted. A test counts with the
`rate` fixture; the counts travel on the test's report, so that they also arrive from the workers of
pytest-xdist.
"""

from __future__ import annotations

from collections import Counter

import pytest

#: Files that take longest, the longest first: begun last, they would keep one worker alone at work.
LONGEST = (
    "test_attacks.py",
    "test_faults.py",
    "test_pipeline.py",
    "test_report.py",
    "test_grade_command.py",
    "test_feedback.py",
    "test_student.py",
    "test_formgrader.py",
)

#: user_properties key: the value is [suite, {count: number}].
RATE = "rate"


def pytest_addoption(parser):
    parser.addoption("--pictures", metavar="FOLDER", help="write the README's pictures there")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items):
    """Keep tests on one worker that share what is made once, and begin with what takes long."""
    for item in items:
        shared = _shared_by(item)
        if shared:
            item.add_marker(pytest.mark.xdist_group(shared))
    items.sort(key=_how_late)


def _shared_by(item) -> str:
    """The file or folder whose fixtures a test shares with others, or ""."""
    places = {
        definition.baseid
        for definitions in item._fixtureinfo.name2fixturedefs.values()
        for definition in definitions
        if definition.scope != "function"
    }
    return min(filter(None, places), key=len, default="")


def _how_late(item) -> int:
    name = item.path.name
    if name in LONGEST:
        return LONGEST.index(name)
    return len(LONGEST) + (item.get_closest_marker("slow") is None)


@pytest.fixture
def rate(record_property):
    """Count for the summary: `rate("corpus", wrong=1, caught=1)`.

    The counts are wrong, caught, right, accepted and left_out; those of a suite are added up.
    """

    def count(suite: str, **counts: int) -> None:
        record_property(RATE, [suite, counts])

    return count


def pytest_terminal_summary(terminalreporter):
    suites: dict[str, Counter[str]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            for key, value in report.user_properties:
                if key == RATE:
                    suites.setdefault(value[0], Counter()).update(value[1])
    if not suites:
        return
    terminalreporter.section("marking")
    for suite, n in sorted(suites.items()):
        line = (
            f"{suite}: {n['wrong']} wrong, {n['caught']} caught; "
            f"{n['right']} right, {n['accepted']} accepted"
        )
        if n["left_out"]:
            line += f"; {n['left_out']} borderline left out"
        terminalreporter.write_line(line)
