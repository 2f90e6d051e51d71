"""Names in messages: the one that was meant, and the first of many."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def closest_name(name: str, names: Iterable[str], *, least: float = 0.0) -> str | None:
    """Return the name that is most like another, upper or lower case aside.

    Parameters
    ----------
    name : str
    names : iterable of str
    least : float
        Least likeness, from 0 to 1. None is returned if no name has it.
    """
    by_small_letters = {one.lower(): one for one in names}
    closest = difflib.get_close_matches(name.lower(), by_small_letters, 1, cutoff=least)
    return by_small_letters[closest[0]] if closest else None


def first_names(names: Sequence[str], most: int) -> str:
    """Return at most so many names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
