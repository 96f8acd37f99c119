"""The box holds for an ordinary user too, whoever runs these tests."""

from __future__ import annotations

import os
import subprocess
import sys

import ordinary
import pytest


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="the box's own tests are run as an ordinary user")
def test_the_box_as_an_ordinary_user(tmp_path):
    if not ordinary.may_be_one():
        pytest.skip("this root may not mount, so an ordinary user may not find Python")
    run = subprocess.run(
        ordinary.command(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "sandbox"]
        ),
        cwd=ordinary.ROOT / "tests",
        env={**os.environ, "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout
