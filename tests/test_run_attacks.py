"""`make attacks` measures what an attack does, in a container that lets nothing out."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import container
import pytest

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, ROOT / "benchmarks" / "run_attacks.py"]


@pytest.fixture(scope="module")
def _container():
    if reason := container.what_is_missing():
        pytest.skip(reason)


def enter(script, seconds=60, copies=()):
    """Run a shell script in a container."""
    order = {"commands": [["sh", "-c", script]], "seconds": seconds, "copies": dict(copies)}
    return container.run(order)


@pytest.mark.usefixtures("_container")
def test_what_is_copied_in_may_be_changed_there_and_stays_as_it_was_here(tmp_path):
    (tmp_path / "file").write_text("before")
    seen = enter("echo after > file; cat file", copies=[(str(tmp_path), str(container.COURSE))])
    assert seen["log"] == "after\n"
    assert seen["changed"] == [str(container.COURSE / "file")]
    assert (tmp_path / "file").read_text() == "before"


@pytest.mark.usefixtures("_container")
def test_the_machine_is_out_of_reach(tmp_path):
    seen = enter(
        f"""
        ls {tmp_path} && echo reached
        touch /usr/attack-was-here /etc/attack-was-here /attack-was-here && echo reached
        touch {Path(container.__file__).parent}/attack-was-here && echo reached
        mount -t tmpfs tmpfs /lab && echo reached
        tail -n +3 /proc/net/dev | grep -v lo: && echo reached
        grep -L 'CapEff:.0*$' /proc/self/status
        """
    )
    assert "reached" not in seen["log"]
    assert "/proc/self/status" not in seen["log"]


@pytest.mark.usefixtures("_container")
def test_its_first_process_cannot_be_ended_and_tells_what_is_left():
    seen = enter("kill -9 1; kill -2 1; kill -19 1; sleep 300 & sleep 301 &")
    assert sorted(seen["left"]) == ["sleep 300 ", "sleep 301 "]


@pytest.mark.usefixtures("_container")
def test_what_takes_too_long_is_stopped():
    seen = enter("sleep 300", seconds=1)
    assert seen["stopped"]


@pytest.mark.usefixtures("_container")
def test_where_there_is_too_little_to_make_one_it_says_so(monkeypatch):
    monkeypatch.setattr(container, "_PATH", "/nonexistent")
    assert "unshare" in container.what_is_missing()


def run(table, *options):
    result = subprocess.run(
        [*COMMAND, f"--csv={table}", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    with table.open(encoding="utf-8") as stream:
        return result.stdout, {row["attack"]: row for row in csv.DictReader(stream)}


@pytest.mark.slow
@pytest.mark.usefixtures("_container")
def test_what_works_on_stock_nbgrader_does_nothing_to_ours(tmp_path):
    said, rows = run(tmp_path / "table.csv", "--only", "settrace,orphan,always-equal")
    assert rows["settrace"]["stock"] == "worked: 30 points"
    assert rows["orphan"]["stock"] == "worked: left 1 processes"
    assert rows["always-equal"]["stock"] == "nothing"
    assert {row["ours"] for row in rows.values()} == {"nothing"}
    assert "stock nbgrader: 2 of 3 attacks worked" in said
    assert "softmax-lab grade: 0 of 3 attacks worked" in said


@pytest.mark.slow
def test_without_stock_nbgrader_the_table_says_so(tmp_path):
    said, rows = run(tmp_path / "table.csv", "--only", "ast-transformer", "--without-stock")
    assert rows["ast-transformer"]["stock"] == "not run: as you asked"
    assert "stock nbgrader: not run: as you asked." in said
