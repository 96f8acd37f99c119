"""Look out for calls of a library that does a student's work."""

from __future__ import annotations

import re
import sys
import threading
from functools import cache
from types import FrameType
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from autograder.marking.library import LibraryNames

_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


class LibraryWatch(TorchDispatchMode):
    """Notice a library's work, whatever name it is called by.

    Kernels are seen where torch dispatches them; functions of installed packages, and what other
    threads call, where they are entered.

    Args:
        names: what to look for.

    Attributes:
        found: the name of the first kernel or function that was seen, or "".

    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Wrapped for the compiler, the first kernel would import it: seconds, in every child.
        return False

    def __init__(self, names: LibraryNames) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._kernels = names.kernels
        # One pattern: it is looked for in the name of everything that is called.
        words = "|".join(map(re.escape, names.functions))
        self._is_named = re.compile(words or "(?!)", re.IGNORECASE).search
        self.found = ""

    def __enter__(self) -> LibraryWatch:
        super().__enter__()  # type: ignore[no-untyped-call]
        threading.setprofile(self._entered)
        sys.setprofile(self._entered)
        return self

    def __exit__(self, *exc: Any) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        super().__exit__(*exc)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.found = self.found or _matching_kernel(func, self._kernels)
        return result

    def _entered(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            if frame.f_globals is globals():
                return  # this module, which may be installed too
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)
            if not self._is_named(name) or not _INSTALLED.search(code.co_filename):
                return
        elif event == "c_call":
            name = str(getattr(arg, "__name__", ""))
            if not self._is_named(name):
                return
        else:
            return
        self.found = self.found or name.removesuffix(".__init__").strip("_")


@cache
def _matching_kernel(func: Any, kernels: tuple[str, ...]) -> str:
    """Return the name of an operator of torch's that is one of these kernels, or ""."""
    name = str(func)
    is_one = name.startswith("aten.") and any(kernel in name for kernel in kernels)
    return name.split(".")[1].strip("_") if is_one else ""
