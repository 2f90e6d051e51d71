"""Studies with a fault, for tests of the line that it gets."""

import copy
from typing import Any

import pytest

from scripts.kinds import ConfigError
from scripts.study_parsing import parse_study

REMOVED = object()


def changed(entry: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one value replaced, or removed; a path like features.0.name."""
    entry = copy.deepcopy(entry)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    target: Any = entry
    for part in parents:
        target = target[part]
    if value is REMOVED:
        del target[last]
    else:
        target[last] = value
    return entry


def check_line(entry: dict[str, Any], message: str) -> None:
    """Assert that one of the faults of a study has a message; all are lines with the path of a key."""
    with pytest.raises(ConfigError, match=message) as raised:
        parse_study("toy", entry)
    for line in str(raised.value).splitlines():
        assert line.startswith("studies.toy")
        assert len(line) < 400
