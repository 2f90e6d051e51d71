"""Decorators for functions that numba compiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Compiled code goes to the folder that a workflow names, or to the user's cache; never beside the source.
os.environ.setdefault("NUMBA_CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator,UserWideCacheLocator")

from numba import njit
from numba.core import entrypoints
from numba.core.compiler_lock import global_compiler_lock

Function = Callable[..., Any]


def _compiled(*flags: str) -> Callable[[Function], Function]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", *flags}}

    def decorate(function: Function) -> Function:
        try:
            compiled: Function = njit(cache=True, **options)(function)
        except RuntimeError:  # there is no folder that it can write to
            compiled = njit(**options)(function)
        return compiled

    return decorate


#: For any arithmetic. Fused multiply-adds lose no digits, and infinities and NaN stay what they are.
exact = _compiled()
#: For sums over events in any order, and without a difference that is taken on purpose to keep digits.
in_any_order = _compiled("reassoc", "nsz")


@contextmanager
def arrays_only() -> Iterator[None]:
    """Compile without the types of other packages.

    Before its first compilation numba imports the packages that register with it, where installed: vector,
    awkward and with them sympy take half a second. Kernels take arrays; later compilations find the packages.
    """
    with global_compiler_lock:
        before = getattr(entrypoints, "_already_initialized", False)
        entrypoints._already_initialized = True
        try:
            yield
        finally:
            entrypoints._already_initialized = before
