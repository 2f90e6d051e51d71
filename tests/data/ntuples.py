"""Reading of whole ntuples, as lists of Python."""

from pathlib import Path

import awkward as ak
import pytest

from scripts.data.ntuple_file import open_ntuple

GENUINE = Path(__file__).parents[3] / "shared"
needs_genuine = pytest.mark.skipif(
    not (GENUINE / "ntuples").is_dir(), reason="the genuine ntuples are not beside this checkout"
)


def read(path, names, tree=None, **how) -> dict[str, list]:
    """All events of a file."""
    with open_ntuple(path, tree) as ntuple:
        chunks = list(ntuple.iterate(names, **how))
    assert all(len(chunk[name]) for chunk in chunks for name in names)
    return {name: [value for chunk in chunks for value in ak.to_list(chunk[name])] for name in names}


def types(path, names, tree=None) -> list[str]:
    """The type of each branch in the first chunk: that of numpy, or `var * float32` and so on of awkward."""
    with open_ntuple(path, tree) as ntuple:
        chunk = next(ntuple.iterate(names))
    found = []
    for name in names:
        values = chunk[name]
        found.append(str(values.type.content) if isinstance(values, ak.Array) else values.dtype.str)
    return found


def fault(path, names=(), tree=None) -> str:
    """The message for a file or its branches: one line that begins with the file."""
    with pytest.raises((ValueError, OSError)) as caught:
        read(path, list(names), tree)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")
