"""Values of a branch in the form that :class:`scripts.data.ntuple.Ntuple` promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from .ntuple import Values


def from_awkward(array: ak.Array) -> Values:
    """Return the values of an awkward array, without option types for nothing and without fixed lengths.

    Raises
    ------
    TypeError
        If they are neither numbers, truth values or strings, nor lists of them.
    """
    layout = _plain(array.layout)
    if layout.is_numpy and layout.purelist_depth == 1:
        values: np.ndarray = layout.data
        return values
    return ak.Array(layout)


def from_numpy(array: np.ndarray) -> Values:
    """Return the values of a numpy array: with more than one dimension, a list for each event."""
    return array if array.ndim == 1 else from_awkward(ak.Array(array))


def from_arrow(column: pa.Array, fields: Sequence[str] = ()) -> Values:
    """Return the values of an arrow array, or of a field of its records.

    Raises
    ------
    TypeError
        As :func:`from_awkward` does.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_decimal(kind) or pa.types.is_null(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_string_view(kind):
        column = column.cast(pa.large_string())
    if column.null_count == 0 and (
        pa.types.is_primitive(column.type) and not pa.types.is_temporal(column.type)
    ):
        numbers: np.ndarray = column.to_numpy(zero_copy_only=False)
        return numbers
    array = ak.from_arrow(column)
    for field in fields:
        array = array[field]
    return from_awkward(array)


def joined(parts: Sequence[Values]) -> Values:
    """Return successive values of one branch as one array."""
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    return ak.concatenate(parts)


def _plain(layout: Any) -> Any:
    if layout.parameter("__array__") in ("string", "char", "bytestring"):
        if layout.parameter("__array__") != "string":
            raise TypeError("bytes")
        return layout
    if layout.is_unknown:
        return layout
    if layout.is_option:
        if layout.mask_as_bool(valid_when=True).all():
            return _plain(layout.project())
        # Indexed options take any content; a mask would need one of the same length.
        option = layout.to_IndexedOptionArray64()
        return option.copy(content=_plain(option.content))
    if layout.is_indexed:
        return _plain(layout.project())
    if layout.is_list:
        lists = layout.to_ListOffsetArray64(True)
        return lists.copy(content=_plain(lists.content))
    if layout.is_numpy and layout.dtype.kind in "biuf":
        return layout if layout.purelist_depth == 1 else _plain(layout.to_RegularArray())
    raise TypeError(str(layout.form.type))
