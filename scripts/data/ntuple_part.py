"""The selected events of some files of a process, between the reading of ntuples and their merging."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .feature_table import ROW_GROUP
from .ntuple_file import sum_of_branch
from .ntuple_reading import Selected, Tally, read_events
from .ntuple_recipe import Recipe


class TableWriter:
    """Writes tables one after the other to a parquet file, in row groups of :data:`ROW_GROUP` rows.

    Parameters
    ----------
    path : Path
    schema : pyarrow.Schema
    words : sequence of str
        Columns with few different values.
    """

    def __init__(self, path: Path, schema: pa.Schema, words: Sequence[str]) -> None:
        self._writer = pq.ParquetWriter(path, schema, use_dictionary=list(words))
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0

    def write(self, table: pa.Table) -> None:
        """Write the next rows."""
        self._waiting.append(table)
        self._n_waiting += len(table)
        if self._n_waiting >= ROW_GROUP:
            whole = self._n_waiting // ROW_GROUP * ROW_GROUP
            self._write(whole)

    def end_group(self) -> None:
        """Begin a row group with the next rows."""
        self._write(self._n_waiting)

    def _write(self, n_rows: int) -> None:
        if n_rows:
            table = pa.concat_tables(self._waiting)
            self._writer.write_table(table.slice(0, n_rows), row_group_size=ROW_GROUP)
            self._waiting, self._n_waiting = [table.slice(n_rows)], len(table) - n_rows

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.end_group()
        finally:
            self._writer.close()


def write_part(table: Path, cutflow: Path, files: Sequence[str], settings: Mapping[str, Any]) -> Tally:
    """Read the events that pass of some files, and write them with their tally.

    Parameters
    ----------
    table : Path
        Written: features, ``weight``, ``event`` and, where the recipe says it, ``test`` or ``fold_number``
        (parquet).
    cutflow : Path
        Written: the tally, the sum of weights of another tree as ``of_tree``, and whether the events have
        numbers of their own, ``has_numbers`` (json).
    files : sequence of str
    settings : mapping
        See :meth:`scripts.data.ntuple_recipe.Recipe.parse`; also ``sum_of_weights``, the tree and the branch
        whose sum is the sum of weights before any selection.

    Raises
    ------
    ValueError
        One line that names the file, see :func:`scripts.data.ntuple_reading.read_events`.
    """
    recipe = Recipe.parse(settings)
    tally = Tally.of(recipe)
    schema = pa.schema([(name, pa.float64()) for name in recipe.features])
    schema = schema.append(pa.field("weight", pa.float64())).append(pa.field("event", pa.int64()))
    if recipe.test is not None:
        schema = schema.append(pa.field("test", pa.bool_()))
    if recipe.fold is not None:
        schema = schema.append(pa.field("fold_number", pa.int64()))
    with TableWriter(table, schema, ["weight"]) as writer:
        for selected in read_events(files, recipe, tally):
            writer.write(_table(selected, schema))
    of_tree = None
    if (source := settings.get("sum_of_weights")) is not None:
        of_tree = sum(sum_of_branch(path, source["tree"], source["branch"]) for path in files)
    more = {"of_tree": of_tree, "has_numbers": recipe.event is not None}
    cutflow.write_text(json.dumps(asdict(tally) | more))
    return tally


def _table(selected: Selected, schema: pa.Schema) -> pa.Table:
    columns: dict[str, NDArray[Any]] = {
        **selected.features,
        "weight": selected.weights,
        "event": selected.numbers,
    }
    if selected.in_test is not None:
        columns["test"] = selected.in_test
    if selected.fold_numbers is not None:
        columns["fold_number"] = selected.fold_numbers
    return pa.table(columns, schema)
