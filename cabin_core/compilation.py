"""Decorators for functions that numba compiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Compiled code goes to the folder that a workflow names, or to the user's cache; never beside the source.
os.environ.setdefault("NUMBA_CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator,UserWideCacheLocator")

from numba import njit, types
from numba.core import entrypoints
from numba.extending import intrinsic

Function = Callable[..., Any]


def _compiled(*flags: str) -> Callable[[Function], Function]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": set(flags)}

    def decorate(function: Function) -> Function:
        try:
            compiled: Function = njit(cache=True, **options)(function)
        except RuntimeError:  # there is no folder that it can write to
            compiled = njit(**options)(function)
        return compiled

    return decorate


#: For any arithmetic. Fused multiply-adds lose no digits, and infinities and NaN stay what they are.
exact = _compiled("contract")
#: For sums over events in any order, and without a difference that is taken on purpose to keep digits.
in_any_order = _compiled("contract", "reassoc", "nsz")
#: For numbers that are the same to the last bit on every processor.
on_any_processor = _compiled()


#: Integers of the size of a floating-point number.
_WHOLE: dict[Any, Any] = {types.float32: types.int32, types.float64: types.int64}


def _to_bits(context: Any, number: Any) -> tuple[Any, Function]:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], target.get_value_type(signature.return_type))

    return _WHOLE[number](number), generate


def _of_bits(context: Any, bits: Any, like: Any) -> tuple[Any, Function]:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # numba computes with integers of 64 bits.
        whole = builder.trunc(arguments[0], target.get_value_type(_WHOLE[like]))
        return builder.bitcast(whole, target.get_value_type(like))

    return like(types.int64, like), generate


#: ``to_bits(number)``: the bits of a floating-point number as an integer of its size.
to_bits: Function = intrinsic(_to_bits)
#: ``of_bits(bits, like)``: the number that has these bits, of the type of ``like``.
of_bits: Function = intrinsic(_of_bits)


@contextmanager
def arrays_only() -> Iterator[None]:
    """Compile without the types of other packages.

    Before its first compilation numba imports the packages that register with it, where installed: vector,
    awkward and with them sympy take half a second. Kernels take arrays; later compilations find the packages.
    """
    # Without numba's lock: threads of this process may be what compiles.
    before = getattr(entrypoints, "_already_initialized", False)
    entrypoints._already_initialized = True
    try:
        yield
    finally:
        entrypoints._already_initialized = before
