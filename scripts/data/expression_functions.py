"""Functions that an expression may call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import expression_operations as operations
from .expression_columns import Column, align, joined, union

Floats = NDArray[np.float64]

#: How far below 0 the rounding of single precision can bring E^2 - p^2, as a fraction of E^2.
ROUNDING = 1e-6
#: Arguments that a function takes at most.
MOST_ARGUMENTS = 100


@dataclass(frozen=True)
class Function:
    """A function of columns.

    Parameters
    ----------
    run : callable
        Takes columns, returns a column.
    arguments : str
        As an error shows them.
    numbers : range
        Numbers of arguments that it takes.
    """

    run: Callable[..., Column]
    arguments: str
    numbers: range


def _elementwise(ufunc: np.ufunc, arguments: str = "x") -> Function:
    return Function(partial(operations.calculate, ufunc), arguments, range(ufunc.nin, ufunc.nin + 1))


def _reduction(name: str) -> Function:
    return Function(partial(operations.reduced, name=name), "list", range(1, 2))


def _extreme(name: str, ufunc: np.ufunc) -> Function:
    def run(*columns: Column) -> Column:
        if len(columns) == 1:
            return operations.reduced(columns[0], name)
        return reduce(partial(operations.calculate, ufunc), columns)

    return Function(run, "list or x, y, ...", range(1, MOST_ARGUMENTS + 1))


def _kinematic(compute: Callable[..., Floats], arguments: str, numbers: range) -> Function:
    def run(*columns: Column) -> Column:
        operations.require_numbers(columns)
        aligned = align(columns)
        shape = np.broadcast_shapes(*(column.values.shape for column in aligned))
        arrays = [np.broadcast_to(column.values.astype(np.float64), shape or (1,)) for column in aligned]
        result = compute(*arrays).reshape(shape)
        return joined(aligned, result, union(column.gaps for column in aligned))

    return Function(run, arguments, numbers)


def _vector(**components: Floats) -> Any:
    # Only here, since a config is parsed without it.
    import vector

    return vector.array(components)


def _deltaphi(phi1: Floats, phi2: Floats) -> Floats:
    one, other = (_vector(rho=np.ones_like(phi), phi=phi) for phi in (phi1, phi2))
    return np.asarray(one.deltaphi(other))


def _deltar(eta1: Floats, phi1: Floats, eta2: Floats, phi2: Floats) -> Floats:
    one, other = (
        _vector(rho=np.ones_like(phi), phi=phi, eta=eta) for eta, phi in ((eta1, phi1), (eta2, phi2))
    )
    return np.asarray(one.deltaR(other))


def _angle(*components: Floats) -> Floats:
    one, other = (_vector(px=px, py=py, pz=pz) for px, py, pz in (components[:3], components[3:]))
    return np.asarray(one.deltaangle(other))


def _mass(names: tuple[str, ...], *components: Floats) -> Floats:
    """Return the invariant mass of any number of particles; NaN where their momentum exceeds their energy."""
    particles = (
        _vector(**dict(zip(names, components[start : start + 4], strict=True)))
        for start in range(0, len(components), 4)
    )
    total = reduce(lambda one, other: one + other, particles)
    square, energy = np.asarray(total.mass2), np.asarray(total.E)
    return np.where(square < -ROUNDING * energy**2, np.nan, np.sqrt(np.maximum(square, 0.0)))


_FOUR = range(4, MOST_ARGUMENTS + 1, 4)

FUNCTIONS: dict[str, Function] = {
    "abs": _elementwise(np.absolute),
    "sqrt": _elementwise(np.sqrt),
    "exp": _elementwise(np.exp),
    "log": _elementwise(np.log),
    "log10": _elementwise(np.log10),
    "sin": _elementwise(np.sin),
    "cos": _elementwise(np.cos),
    "tan": _elementwise(np.tan),
    "arcsin": _elementwise(np.arcsin),
    "arccos": _elementwise(np.arccos),
    "arctan": _elementwise(np.arctan),
    "sinh": _elementwise(np.sinh),
    "cosh": _elementwise(np.cosh),
    "tanh": _elementwise(np.tanh),
    "floor": _elementwise(np.floor),
    "ceil": _elementwise(np.ceil),
    "hypot": _elementwise(np.hypot, "x, y"),
    "arctan2": _elementwise(np.arctan2, "y, x"),
    "where": Function(operations.where, "condition, value, other value", range(3, 4)),
    "min": _extreme("min", np.minimum),
    "max": _extreme("max", np.maximum),
    "sum": _reduction("sum"),
    "len": _reduction("len"),
    "any": _reduction("any"),
    "all": _reduction("all"),
    "deltaphi": _kinematic(_deltaphi, "phi1, phi2", range(2, 3)),
    "deltar": _kinematic(_deltar, "eta1, phi1, eta2, phi2", range(4, 5)),
    "angle": _kinematic(_angle, "px1, py1, pz1, px2, py2, pz2", range(6, 7)),
    "mass": _kinematic(
        partial(_mass, ("pt", "eta", "phi", "mass")), "pt1, eta1, phi1, m1, pt2, eta2, phi2, m2, ...", _FOUR
    ),
    "mass_cartesian": _kinematic(
        partial(_mass, ("px", "py", "pz", "E")), "px1, py1, pz1, E1, px2, py2, pz2, E2, ...", _FOUR
    ),
}
