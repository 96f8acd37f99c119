"""A student's code has no privileges; run as root and as an ordinary user."""

from __future__ import annotations

import os
from typing import Any

from boxed import ON_LINUX, Box

from autograder.sandbox import user

pytestmark = ON_LINUX


def test_has_no_privileges(box: Box) -> None:
    def who() -> list[Any]:
        return [*os.getresuid(), *os.getresgid(), user.capabilities()]

    *ids, capabilities = box.run(who)
    assert 0 not in ids
    # Of root's, at most the right to read where Landlock lets it: Python may lie in /root.
    assert capabilities in (0, 1 << 2)
