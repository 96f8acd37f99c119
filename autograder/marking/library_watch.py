"""Look out for calls of a library that does a student's work."""

from __future__ import annotations

import os
import re
import sys
import threading
from functools import cache
from types import FrameType
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.marking.library import Library

_Tensor: Any = torch._C.TensorBase
_functions: Any = torch._C._VariableFunctions

_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


class LibraryWatch(TorchDispatchMode):
    """Notice a library's work, whatever name it is called by.

    Kernels are seen where torch dispatches them; functions of installed packages, and what other
    threads call, where they are entered.

    Args:
        library: what to look for.
        nudged: whether what kernels give is changed a little.

    Attributes:
        found: the name of the first kernel or function that was seen, or "".

    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Wrapped for the compiler, the first kernel would import it: seconds, in every child.
        return False

    def __init__(self, library: Library, nudged: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._kernels = library.kernels
        # One pattern: it is looked for in the name of everything that is called.
        words = "|".join(map(re.escape, library.functions))
        self._is_named = re.compile(words or "(?!)", re.IGNORECASE).search
        self.found = ""
        self._has_kernel = self._has_other = False
        self._nudged = nudged
        self._thread = threading.get_ident()

    @property
    def replaceable(self) -> bool:
        """Whether the kernels that were seen are all that did the work."""
        return self._has_kernel and not self._has_other

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
        kernel = _matching_kernel(func, self._kernels)
        if kernel:
            self.found = self.found or kernel
            self._has_kernel = True
            if self._nudged:
                for tensor in result if isinstance(result, tuple) else (result,):
                    if issubclass(type(tensor), _Tensor) and _Tensor.is_floating_point(tensor):
                        _nudge(tensor)
        return result

    def _entered(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            if frame.f_globals is globals():
                return  # this module, which may be installed too
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)
            file = code.co_filename
            if not self._is_named(name) or not _INSTALLED.search(file):
                return
            is_torch = f"{os.sep}torch{os.sep}" in file
        elif event == "c_call":
            name, is_torch = str(getattr(arg, "__name__", "")), True
            if not self._is_named(name):
                return
        else:
            return
        self.found = self.found or name.removesuffix(".__init__").strip("_")
        if not is_torch or threading.get_ident() != self._thread:
            self._has_other = True  # no kernel that this mode sees


@cache
def _matching_kernel(func: Any, kernels: tuple[str, ...]) -> str:
    """Return the name of an operator of torch's that is one of these kernels, or ""."""
    name = str(func)
    is_one = name.startswith("aten.") and any(kernel in name for kernel in kernels)
    return name.split(".")[1].strip("_") if is_one else ""


#: Too little for a comparison with it to fail, enough to be seen in what is computed from it.
_NUDGE = 1e-6


def _nudge(tensor: Any) -> None:
    chances = os.urandom(_Tensor.numel(tensor))  # a student's own random numbers stay as they are
    factors = [1 + _NUDGE * (byte / 127.5 - 1) for byte in chances]
    by = _functions.tensor(factors, dtype=torch.float64)
    _Tensor.mul_(tensor, _Tensor.reshape(by, _Tensor.size(tensor)))
