"""Run the attacks of tests/attacks/ through stock nbgrader and through ours, and print both.

Run by `make attacks`. Stock nbgrader shuts in nothing, so it grades each attack in a container of
its own that is thrown away, between two honest students: one graded before, one to be graded after.
Ours grades all of them in one run, as it would a class.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attacks  # tests/attacks.py: see the Makefile
import container
import damage

import autograder
from autograder.errors import FAILED, OK
from autograder.gradebook.course import Course

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / ".softmax-lab" / "attacks.csv"
GRADE = "import sys; from autograder.commands.main import main; sys.exit(main())"
EARLIER, LATER = "0-ada", "zz-ada"

#: Seconds for a cell: an import of torch needs some on a cold disk, a warm process does not.
STOCK_CELL, OUR_CELL = 15, 4
#: Bytes of memory that a container may come to need at once.
_MEMORY = 6 << 30
#: What the run may change of a course and a home. That of stock nbgrader is measured.
_OURS = ("course/gradebook.db", "course/.softmax-lab/", "course/autograded/", "course/feedback/")
_CACHES = ("home/.cache/matplotlib/",)  # the template's list of fonts
#: What a kernel leaves that is killed: how to reach it.
_CONNECTION = re.compile(r"/tmp/tmp\w{8}\.json")
#: Attacks look for secrets in the environment: both sides have one.
_SECRET = {"EXAMPLE_API_KEY": "made up"}
#: Words in the table: what is longer is in the CSV file.
_WIDTH = 72


@dataclass(frozen=True)
class Verdict:
    """What became of an attack on one side.

    Attributes:
        points: what it got, None where it was not graded.
        deeds: what it did that it should not have, in words.
        stopped: it took more than its time, and nothing after it was seen.

    """

    points: float | None
    deeds: tuple[str, ...] = ()
    stopped: bool = False

    def __str__(self) -> str:
        if self.deeds:
            return f"worked: {'; '.join(self.deeds)}"
        if self.stopped:
            return "stopped"
        return "nothing" if self.points is not None else "nothing, not graded"


def main() -> int:
    """Run the attacks that are asked for; return 1 where one worked on ours."""
    arguments = _arguments()
    chosen = _choose(arguments.only, arguments.sample)
    print(f"{len(chosen)} attacks. Ours: all in one run.", flush=True)
    start = time.monotonic()
    ours = grade_with_ours(chosen)
    print(f"Ours: done after {time.monotonic() - start:.0f} s.", flush=True)
    reason = "as you asked" if arguments.without_stock else container.what_is_missing()
    stock = {} if reason else grade_with_stock(chosen, arguments.jobs, arguments.limit)
    _print_table(chosen, stock, ours, reason)
    _write_csv(arguments.csv, chosen, stock, ours, reason)
    return int(any(ours[attack.name].deeds for attack in chosen))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="A,B", help="only these attacks")
    parser.add_argument("--sample", type=int, metavar="N", help="only N attacks, evenly spread")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="containers at once (2, memory permitting)"
    )
    parser.add_argument("--limit", type=int, default=150, metavar="S", help="seconds each (150)")
    parser.add_argument("--without-stock", action="store_true", help="leave stock nbgrader out")
    parser.add_argument("--csv", type=Path, default=TABLE, metavar="FILE")
    return parser.parse_args()


def _choose(only: str | None, sample: int | None) -> list[attacks.Attack]:
    every = attacks.read_attacks()
    if only:
        names = {name.strip() for name in only.split(",")}
        if unknown := names - {attack.name for attack in every}:
            sys.exit(f"there is no attack {', '.join(sorted(unknown))} in tests/attacks/.")
        every = [attack for attack in every if attack.name in names]
    if sample is not None and sample < 1:
        sys.exit("--sample wants 1 or more.")
    if sample and sample < len(every):
        every = [every[i * len(every) // sample] for i in range(sample)]
    return every


# --- Stock nbgrader -------------------------------------------------------------------------------


def grade_with_stock(
    chosen: Sequence[attacks.Attack], jobs: int | None, limit: int
) -> dict[str, Verdict]:
    """Run `nbgrader autograde` on each attack, in a container each.

    Args:
        chosen: the attacks.
        jobs: how many containers there are at once.
        limit: the seconds that each may take.

    """
    jobs = jobs or max(1, min(2, os.cpu_count() or 1, _memory() // _MEMORY))
    control = attacks.all_wrong()
    verdicts: dict[str, Verdict] = {}
    with tempfile.TemporaryDirectory(prefix="attacks-") as name:
        folder = Path(name)
        template = _graded_course(folder, [control, *chosen])
        plain = _in_container(control, template, limit)
        usual = set(plain.get("changed", ()))
        if (seen := _judge_stock(control, plain, usual)) != Verdict(0):
            sys.exit(
                f"stock nbgrader cannot be measured: wrong answers alone were {seen.points} "
                f"points, {seen}. {plain.get('error') or plain['log'][-400:]}"
            )
        print(f"Stock: {jobs} at once, at most {limit} s each.", flush=True)
        with ThreadPoolExecutor(jobs) as pool:
            runs = {pool.submit(_in_container, one, template, limit): one for one in chosen}
            for run in as_completed(runs):
                attack, result = runs[run], run.result()
                verdict = _judge_stock(attack, result, usual)
                verdicts[attack.name] = verdict
                took = f"{result['seconds']:.0f} s" if "seconds" in result else result["error"]
                count = f"[{len(verdicts)}/{len(chosen)}]"
                print(f"{count} {attack.name} ({took}): {verdict}", flush=True)
    return verdicts


def _memory() -> int:
    """Return how many bytes of memory could be had now."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) << 10 if found else 0


def _graded_course(folder: Path, chosen: Sequence[attacks.Attack]) -> Path:
    """Make a course in which one honest student is graded by stock nbgrader, and another is not.

    The attacks' submissions are set apart.
    """
    course, home = attacks.course(folder, chosen)
    apart = folder / "apart"
    for attack in chosen:
        (apart / attack.name).parent.mkdir(exist_ok=True)
        (course / "submitted" / attack.name).rename(apart / attack.name)
    for student in attacks.HONEST.keys() - {EARLIER, LATER}:
        shutil.rmtree(course / "submitted" / student)
    for command in (["generate_assignment", "softmax", "--force"], _autograde(EARLIER)[3:]):
        made = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=course,
            env=_environment(home, Path(autograder.__file__).parents[1]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            sys.exit(f"stock nbgrader does not grade honest work here: {made.stderr[-2000:]}")
    return folder


def _autograde(student: str | None = None) -> list[str]:
    one = [f"--student={student}"] if student else []
    timeout = f"--Execute.timeout={STOCK_CELL}"
    return [sys.executable, "-m", "nbgrader", "autograde", "softmax", timeout, *one]


def _environment(home: Path, package: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    own = {"HOME": str(home), "PATH": path, "PYTHONPATH": str(package), "LANG": "C.UTF-8"}
    # What Python compiles by itself is no damage.
    return {**own, "PYTHONDONTWRITEBYTECODE": "1", **_SECRET}


def _in_container(attack: attacks.Attack, template: Path, limit: int) -> dict[str, Any]:
    package, there = Path(autograder.__file__).parent, container.LAB / "package"
    submitted = container.COURSE / "submitted" / attack.name
    graded = container.COURSE / "autograded"
    feedback = [sys.executable, "-m", "nbgrader", "generate_feedback", "softmax"]
    pages = [[*feedback, f"--student={attack.name}"]] if attack.aims_at == "pages" else []
    return container.run(
        {
            "copies": {
                str(template / "course"): str(container.COURSE),
                str(template / "home"): str(container.HOME),
                str(template / "apart" / attack.name): str(submitted),
                str(package): str(there / package.name),
            },
            "commands": [_autograde(), *pages],
            "environment": _environment(container.HOME, there),
            "seconds": limit,
            "student": attack.name,
            "own": [
                str(graded / attack.name),
                str(graded / LATER),
                str(container.COURSE / "feedback"),
            ],
        }
    )


def _judge_stock(
    attack: attacks.Attack, seen: Mapping[str, Any], usual: Collection[str]
) -> Verdict:
    """Say what an attack did.

    Args:
        attack: the attack.
        seen: what the container reports.
        usual: the files that change whatever is graded.

    """
    if "error" in seen:
        return Verdict(None, stopped=True)
    after, points = seen["after"], seen["points"]
    deeds = _own_deeds(attack, points, seen["boasts"], seen["scripts"])
    if "error" in after:
        deeds.append(f"the gradebook cannot be read ({after['error']})")
    else:
        deeds += _deeds_to_gradebook(attack, seen["before"], after, is_whole=not seen["stopped"])
    changed = [name for name in seen["changed"] if not _CONNECTION.fullmatch(name)]
    deeds += _deeds_to_files(changed, usual) + _processes(seen["left"])
    return Verdict(points, tuple(deeds), seen["stopped"])


def _deeds_to_gradebook(
    attack: attacks.Attack, before: Mapping[str, Any], after: Mapping[str, Any], is_whole: bool
) -> list[str]:
    deeds, grades = [], after["grades"]
    if grades.get(EARLIER) != before["grades"][EARLIER]:
        deeds.append("changed the marks of a student graded before")
    if after["points"] != before["points"]:
        deeds.append("changed what questions are worth")
    if any(manual or extra for _, manual, extra in grades.get(attack.name, {}).values()):
        deeds.append("wrote itself marks into the gradebook")
    later = damage.earned(grades[LATER]) if LATER in grades else None
    if later is None and is_whole:
        deeds.append("the student after it was not graded")
    elif later is not None and later != attacks.HONEST[LATER][1]:
        deeds.append(f"the student after it got {later:g} points")
    return deeds


# --- Ours -----------------------------------------------------------------------------------------


def grade_with_ours(chosen: Sequence[attacks.Attack]) -> dict[str, Verdict]:
    """Run `softmax-lab grade` on all the attacks together.

    Where something was done that could have been any of them, both halves are run once more.
    """
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        verdicts, shared = _grade_class(chosen, Path(folder))
    if not shared:
        return verdicts
    if len(chosen) == 1:
        (name, verdict), *_ = verdicts.items()
        return {name: Verdict(verdict.points, (*verdict.deeds, *shared))}
    print(f"Ours: {'; '.join(shared)}. Which attack was it? Once more in halves.", flush=True)
    middle = len(chosen) // 2
    halves = grade_with_ours(chosen[:middle]) | grade_with_ours(chosen[middle:])
    if not any(halves[attack.name].deeds for attack in chosen):
        return {
            name: Verdict(each.points, (*each.deeds, *(f"with others, {s}" for s in shared)))
            for name, each in halves.items()
        }
    return halves


def _grade_class(
    chosen: Sequence[attacks.Attack], folder: Path
) -> tuple[dict[str, Verdict], list[str]]:
    """Return what each attack did, and what one of them did."""
    course, home = attacks.course(folder, [attacks.all_wrong(), *chosen])
    before = damage.digests([folder])
    run = subprocess.run(
        [sys.executable, "-c", GRADE, "grade", "--course", str(course), f"--timeout={OUR_CELL}"],
        env={**os.environ, **_SECRET, "HOME": str(home), "RUNNER_OF_ATTACKS": folder.name},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        start_new_session=True,
        check=False,
        timeout=120 + 15 * len(chosen),
    )
    left = _processes_tagged(f"RUNNER_OF_ATTACKS={folder.name}".encode())
    after = damage.digests([folder])
    usual = tuple(f"{folder}/{place}" for place in (*_OURS, *_CACHES))
    changed = [n for n in sorted({*before, *after}) if before.get(n) != after.get(n)]
    shared = _deeds_to_files([n for n in changed if not n.startswith(usual)], ())
    shared += _processes(left)
    book = damage.gradebook(course / "gradebook.db")
    if run.returncode not in (OK, FAILED) or "error" in book:
        sys.exit(f"softmax-lab grade did not grade: {run.stderr[-2000:].strip()}")
    grades = book["grades"]
    for student, (_, points) in attacks.HONEST.items():
        if damage.earned(grades.get(student, {})) != points:
            shared.append(f"{student}, who is honest, did not get {points} points")
    shared += [f"the run said {boast!r}" for boast in damage.boasts_in(run.stdout + run.stderr)]
    if any(attack.aims_at == "pages" for attack in chosen):
        Course(course, attacks.ASSIGNMENT).generate_feedback()
    verdicts = {}
    for attack in chosen:
        where = Path(attack.name) / attacks.ASSIGNMENT
        points = damage.points(book, attack.name, course / "autograded" / where)
        boasts = damage.boasts(course / "autograded" / where)
        deeds = _own_deeds(attack, points, boasts, damage.scripts(course / "feedback" / where))
        verdicts[attack.name] = Verdict(points, tuple(deeds))
    return verdicts, shared


def _processes_tagged(tag: bytes) -> list[str]:
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if tag in (process / "environ").read_bytes():
                left.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it has ended, or is not ours
    return left


# --- Both -----------------------------------------------------------------------------------------


def _own_deeds(
    attack: attacks.Attack, points: float | None, boasts: Sequence[str], scripts: bool
) -> list[str]:
    deeds = []
    if points is not None and points > _deserved(attack):
        deeds.append(f"{points:g} points")
    # What students display stays in their notebook; what counts is whether it runs on a page.
    if boasts and attack.aims_at != "pages" and attack.name not in attacks.HARMLESS:
        deeds.append(f"got at what is not its own ({boasts[0].strip()})")
    if scripts:
        deeds.append("its script runs on the feedback page")
    return deeds


def _deserved(attack: attacks.Attack) -> float:
    return sum(attacks.DESERVED.get(attack.name, {}).values())


def _deeds_to_files(changed: Sequence[str], usual: Collection[str]) -> list[str]:
    names = [name for name in changed if name not in usual]
    return [f"changed {len(names)} files ({names[0]})"] if names else []


def _processes(left: Sequence[str]) -> list[str]:
    return [f"left {len(left)} processes"] if left else []


# --- Results --------------------------------------------------------------------------------------


def _print_table(
    chosen: Sequence[attacks.Attack],
    stock: Mapping[str, Verdict],
    ours: Mapping[str, Verdict],
    reason: str,
) -> None:
    width = max(len(attack.name) for attack in chosen)
    print(f"\n{'':{width}}  deserved  points: stock  ours  what it did: ours | stock nbgrader")
    for attack in chosen:
        theirs = str(stock[attack.name]) if stock else "not run"
        print(
            f"{attack.name:{width}}  {_deserved(attack):8g}  "
            f"{_points(stock.get(attack.name)):>13}  {_points(ours[attack.name]):>4}  "
            f"{ours[attack.name]} | {_cut(theirs)}"
        )
    print()
    if stock:
        print(_total("stock nbgrader", stock))
    else:
        print(f"stock nbgrader: not run: {reason}.")
    print(_total("softmax-lab grade", ours))
    for line in _disagreements(chosen, stock):
        print(line)


def _points(verdict: Verdict | None) -> str:
    return "–" if verdict is None or verdict.points is None else f"{verdict.points:g}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _total(who: str, verdicts: Mapping[str, Verdict]) -> str:
    worked = sum(bool(verdict.deeds) for verdict in verdicts.values())
    stopped = sum(verdict.stopped and not verdict.deeds for verdict in verdicts.values())
    further = f", {stopped} stopped" if stopped else ""
    return f"{who}: {worked} of {len(verdicts)} attacks worked{further}"


def _disagreements(chosen: Sequence[attacks.Attack], stock: Mapping[str, Verdict]) -> list[str]:
    """Return where an attack's file says something else than was measured."""
    return [
        f"tests/attacks/{attack.name}.md says of {attack.stock or 'stock nbgrader nothing'!r}, "
        f"but there it is: {stock[attack.name]}"
        for attack in chosen
        if attack.name in stock and not _agrees(attack.stock, stock[attack.name])
    ]


def _agrees(claim: str, verdict: Verdict) -> bool:
    if points := re.search(r"(\d+) of 30 points", claim):
        return verdict.points == int(points[1])
    if "cannot grade it" in claim:
        return verdict.points is None
    return bool(claim) == bool(verdict.deeds) or verdict.stopped


def _write_csv(
    file: Path,
    chosen: Sequence[attacks.Attack],
    stock: Mapping[str, Verdict],
    ours: Mapping[str, Verdict],
    reason: str,
) -> None:
    file.parent.mkdir(exist_ok=True)
    with open(file, "w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(
            (
                "attack",
                "aims at",
                "what",
                "deserved",
                "points: stock",
                "stock",
                "points: ours",
                "ours",
            )
        )
        for attack in chosen:
            theirs, own = stock.get(attack.name), ours[attack.name]
            about = (attack.name, attack.aims_at, attack.what, _deserved(attack))
            told = theirs or f"not run: {reason}"
            table.writerow((*about, _points(theirs), told, _points(own), own))
    print(f"The table is in {file}.")


if __name__ == "__main__":
    sys.exit(main())
