"""A box for each test, in a folder that every user may pass through."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from boxed import Box


@pytest.fixture
def box() -> Iterator[Box]:
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to other users
    folder.chmod(0o711)
    yield Box(folder)
    shutil.rmtree(folder)
