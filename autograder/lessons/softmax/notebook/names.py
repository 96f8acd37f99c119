"""The names that the notebook's cells have defined."""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.getipython import get_ipython


def notebook() -> dict[str, Any]:
    """Return the namespace in which the notebook's cells run."""
    shell: Any = get_ipython()
    names: dict[str, Any] = shell.user_ns if shell else vars(sys.modules["__main__"])
    return names
