"""Grade the same submissions with stock nbgrader and with the runner, and print what each took.

Run by `make bench`. Half of the submissions are right, half are wrong. What a program costs once,
such as its start, is left out: figures are differences between a larger and a smaller class.
At the end the class report of a large class is timed, by tests/big_class.py.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20
STOCK_SIZES = (2, 10)
SIZES = (50, 200, 800)
REPORTED = 2000


def make_class(folder: Path, size: int) -> Path:
    """Return a course whose students handed in a right and a wrong notebook in turn."""
    from autograder.commands.demo import SAMPLES, prepare
    from autograder.samples import read_samples

    wanted = {"ada": 0, "carol": 1}
    samples = [s for s in read_samples(SAMPLES) if s.student in wanted]
    course = prepare(ROOT, folder, samples)
    for number in range(size):
        one = samples[number % 2].student
        shutil.copytree(course / "submitted" / one, course / "submitted" / f"student-{number:04}")
    for sample in samples:
        shutil.rmtree(course / "submitted" / sample.student)
    return course


def run_stock(course: Path) -> dict[str, float]:
    """Grade a class with `nbgrader autograde`."""
    nbgrader = Path(sys.executable).with_name("nbgrader")
    quiet = {"cwd": course, "check": True, "capture_output": True}
    subprocess.run([nbgrader, "generate_assignment", "softmax", "--force"], **quiet)
    before, started = _cpu(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([nbgrader, "autograde", "softmax"], **quiet)
    return {
        "seconds": time.monotonic() - started,
        "cpu": _cpu(resource.RUSAGE_CHILDREN) - before,
    }


def run_ours(course: Path, jobs: int, measure: bool = False) -> dict:
    """Grade a class with the runner, in a fresh process."""
    command = [sys.executable, __file__, "--grade", course, "--jobs", str(jobs)]
    done = subprocess.run(
        [*command, *(["--measure"] if measure else [])], check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout)


def grade_once(course: Path, jobs: int, measure: bool) -> None:
    """Grade a class here, and print what it took as JSON."""
    from autograder.pipeline import grade
    from autograder.runner.job import Settings

    started = time.monotonic()
    lines, _ = grade(course, "softmax", settings=Settings(jobs=jobs, measure=measure))
    seconds = time.monotonic() - started
    assert {line.status for line in lines} == {"graded"}
    costs = [asdict(cost) for line in lines for cost in line.costs]
    parent = _cpu(resource.RUSAGE_SELF)
    result = {
        "seconds": seconds,
        "cpu": parent + sum(cost["cpu"] for cost in costs),
        "parent_cpu": parent,
        "parent_memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        # The first ones wait for the template to start.
        "median": {key: sorted(cost[key] for cost in costs)[len(costs) // 2] for key in costs[0]},
    }
    print(json.dumps(result))


def cells_alone(course: Path) -> float:
    """Return the CPU seconds of a submission's own cells in one warm process, without any test."""
    from autograder.gradebook.course import Course
    from autograder.intake import rebuild as intake
    from autograder.runner.template import SHELL

    one = Course(course, "softmax")
    (name, release), *_ = one.released().items()
    seconds = []
    for student in ("student-0000", "student-0001"):
        taken = intake.take_in(one.submitted, student, "softmax", name, release)
        sources = [c.source for c in one.cells_to_run(name, taken.notebook) if c.kind != "test"]
        pid = os.fork()
        if pid == 0:
            for source in sources:
                SHELL.run(source)
            os._exit(0)
        _, _, used = os.wait4(pid, 0)
        seconds.append(used.ru_utime + used.ru_stime)
    return sum(seconds) / len(seconds)


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _slope(small: dict, large: dict, sizes: tuple[int, int], key: str) -> float:
    return (large[key] - small[key]) / (sizes[1] - sizes[0])


def compare(sizes: tuple[int, ...], jobs: int) -> None:
    """Print the comparison."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(f"stock nbgrader autograde, {' and '.join(map(str, STOCK_SIZES))} submissions:")
        stock = [run_stock(make_class(folder / f"stock{n}", n)) for n in STOCK_SIZES]
        seconds, cpu = (_slope(*stock, STOCK_SIZES, key) for key in ("seconds", "cpu"))
        print(f"  {seconds:.2f} s and {cpu:.2f} CPU s a submission")

        print(f"softmax-lab grade --jobs {jobs}:")
        ours = []
        for size in sizes:
            course = make_class(folder / f"ours{size}", size)
            ours.append(run_ours(course, jobs))
            shutil.rmtree(course)
            print(
                f"  {size:4} submissions: {ours[-1]['seconds']:6.1f} s, "
                f"{ours[-1]['seconds'] / size:.3f} s each; parent process "
                f"{ours[-1]['parent_memory'] / MIB:.0f} MiB",
                flush=True,
            )
        ends = (ours[0], ours[-1])
        span = (sizes[0], sizes[-1])
        our_seconds, our_cpu, our_parent = (
            _slope(*ends, span, key) for key in ("seconds", "cpu", "parent_cpu")
        )
        small = make_class(folder / "small", 10)
        memory = run_ours(small, 1, measure=True)["median"]["memory"]
        alone = cells_alone(small)
        median = ours[-1]["median"]
        print(f"  {our_seconds:.3f} s and {our_cpu:.3f} CPU s a submission")
        print(f"  {seconds / our_seconds:.1f} times stock's throughput")
        print(
            f"  of the CPU time {1000 * alone:.0f} ms are the submission's own cells, "
            f"{1000 * (our_cpu - alone):.0f} ms everything else"
        )
        print(f"  memory of its own, a running submission: {memory / MIB:.0f} MiB")
        print("where the time of one submission goes, beside another one:")
        for key, what in (
            ("fork", "forking its examiner"),
            ("confine", "confining the student process"),
            ("cells", "cells, in the student process"),
            ("tests", "the lesson's cells and tests, in the examiner"),
        ):
            print(f"  {1000 * median[key]:6.0f} ms  {what}")
        print(f"  {1000 * our_parent:6.0f} ms  intake, gradebook and files, in the parent (CPU)")
        print("softmax-lab report:", flush=True)
        report = [sys.executable, ROOT / "tests" / "big_class.py", small, str(REPORTED)]
        subprocess.run(report, check=True)


def _sizes(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    sizes = sorted({int(part) for part in parts}) if all(map(str.isdecimal, parts)) else []
    if len(sizes) < 2 or sizes[0] < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not two or more sizes, such as 2,10")
    return tuple(sizes)


def main() -> None:
    """Compare, or do one part of it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, metavar="N,M", help="class sizes, two or more"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--grade", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.grade:
        grade_once(arguments.grade, arguments.jobs, arguments.measure)
    else:
        compare(arguments.sizes, arguments.jobs)


if __name__ == "__main__":
    main()
