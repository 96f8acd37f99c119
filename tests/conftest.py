"""What the whole test run is told: which worker takes which tests, and the lines at its end.

The lines say how many wrong answers were caught, how many right accepted. A test counts with the
`rate` fixture; the counts travel on the test's report, so that they also arrive from the workers of
pytest-xdist.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

#: Files that take longest, the longest first: begun last, they would keep one worker alone at work.
LONGEST = (
    "test_attacks.py",
    "test_faults.py",
    "test_pipeline.py",
    "test_report.py",
    "test_grade_command.py",
    "test_run_attacks.py",
    "test_feedback.py",
    "test_student.py",
    "test_formgrader.py",
)
#: Files whose tests share nothing that is made once: whichever worker is free takes the next test.
ONE_BY_ONE = {
    "test_corpus.py",
    "test_faults.py",
    "test_grade_command.py",
    "test_mutants.py",
    "test_reference.py",
    "test_safety.py",
    "test_values.py",
}

#: user_properties key: the value is [suite, {count: number}].
RATE = "rate"


def pytest_addoption(parser):
    parser.addoption("--pictures", metavar="FOLDER", help="write the README's pictures there")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "load":
        return None  # someone knows better
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path = nodeid.partition("::")[0]
            return nodeid if Path(path).name in ONE_BY_ONE else path

    config.option.loadscopereorder = False  # the order is the one below
    return Scheduling(config, log)


def pytest_collection_modifyitems(items):
    """Begin with what takes long, end with what a worker can fill a moment with."""
    for item in items:
        if item.path.name in ONE_BY_ONE and "module" in _scopes(item):
            raise pytest.UsageError(f"{item.path.name} is in ONE_BY_ONE and has a module's fixture")
    items.sort(key=_how_late)


def _scopes(item) -> set[str]:
    """The scopes of the fixtures that a test uses."""
    fixtures = item._fixtureinfo.name2fixturedefs.values() if hasattr(item, "_fixtureinfo") else ()
    return {fixture.scope for known in fixtures for fixture in known}


def _how_late(item) -> tuple[int, bool, bool]:
    name = item.path.name
    rank = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    return rank, item.get_closest_marker("slow") is None, name in ONE_BY_ONE


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
