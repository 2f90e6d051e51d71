"""Merging of the selected events of all processes of a study, with their weights and the cutflow."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .feature_table import CLASSES, DATA, draw_test, weights_not_positive
from .folds import FOLD, folds_of_numbers
from .ntuple_part import TableWriter
from .ntuple_recipe import WITH_FEATURES
from .outliers import report_far_values_of_parts
from .stored_table import stored
from .survey import check_table

if TYPE_CHECKING:
    from ..study import Split

log = logging.getLogger("cabin.merge_ntuples")


@dataclass(frozen=True)
class Process:
    """How the events of a process count.

    Parameters
    ----------
    role : str
        ``signal``, ``background`` or ``data``.
    n_parts : int
        Number of parts in which its files were read.
    cross_section : float, optional
        Of all its events [fb].
    k_factor, filter_efficiency : float
        Factors on the cross-section; the first one on each weight where there is no luminosity.
    sum_of_weights : float, optional
        Of all its events before any selection; where None, that of another tree, else that of its events.
    """

    role: str
    n_parts: int
    cross_section: float | None = None
    k_factor: float = 1.0
    filter_efficiency: float = 1.0
    sum_of_weights: float | None = None

    @property
    def label(self) -> int:
        """The label of its events in the feature table."""
        return CLASSES.get(self.role, DATA)


@dataclass(frozen=True)
class ReadProcess:
    """A process as it was read: its settings, and the tallies of its parts."""

    name: str
    settings: Process
    parts: Sequence[Path]
    tallies: Sequence[Mapping[str, Any]]

    @property
    def steps(self) -> list[str]:
        """Names of the steps of the cutflow."""
        return list(self.tallies[0]["steps"])

    def total(self, key: str) -> NDArray[Any]:
        """Return the sum over all parts of what the tallies have for each step."""
        total: NDArray[Any] = np.sum([tally[key] for tally in self.tallies], axis=0)
        return total

    def name_event(self, part: int, row: int, number: int) -> str:
        """Return what to call an event of a part: its file, and its number or its position there."""
        tally = self.tallies[part]
        path, _, n_before = [file for file in tally["files"] if file[1] <= row][-1]
        return f"{path}: event {number if tally['has_numbers'] else number - n_before}"

    def check(self) -> None:
        """Raise ValueError if there is no event that passes, or no weight to scale."""
        events, weighted = self.total("events"), self.total("weighted")
        if not events[0]:
            raise ValueError(f"process {self.name}: no event at all: give files with events, or mend `where`")
        if not events[-1] and self.settings.role != "data":
            step = int(np.argmax(events == 0))
            raise ValueError(
                f"process {self.name}: no event passes: '{self.steps[step]}' leaves none of "
                f"{events[step - 1]}: loosen it, or correct its expression"
            )
        if self.settings.role == "data":
            return
        for what, total in ((f"its {events[0]} events", weighted[0]), ("events that pass", weighted[-1])):
            if not total > 0:
                raise ValueError(f"process {self.name}: {weights_not_positive(what, float(total))}")

    def factor(self, luminosity: float | None) -> float:
        """Return the factor on the weight of each event."""
        one = self.settings
        if one.role == "data":
            return 1.0
        if luminosity is None or one.cross_section is None:
            return one.k_factor
        of_trees = [tally["of_tree"] for tally in self.tallies if tally["of_tree"] is not None]
        total = float(self.total("weighted")[0])
        if one.sum_of_weights is not None:
            total = one.sum_of_weights
        elif of_trees:
            total = float(sum(of_trees))
            if not total > 0:
                raise ValueError(f"process {self.name}: {weights_not_positive('`sum_of_weights`', total)}")
        return luminosity * one.cross_section * one.k_factor * one.filter_efficiency / total


def merge_parts(
    parts: Sequence[Path],
    cutflows: Sequence[Path],
    table: Path,
    cutflow: Path,
    split: Split | None,
    *,
    features: Sequence[str],
    processes: Mapping[str, Mapping[str, Any]],
    luminosity: float | None = None,
) -> None:
    """Write the feature table and the cutflow of a study.

    Only some events are in memory at a time.

    Parameters
    ----------
    parts, cutflows : sequence of Path
        Output of :func:`scripts.data.ntuple_part.write_part`, process by process.
    table, cutflow : Path
        Written (parquet, csv).
    split : Split, optional
        None where the parts say which events are for the test.
    features : sequence of str
    processes : mapping
        Parameters of :class:`Process` by name.
    luminosity : float, optional
        [fb^-1]

    Raises
    ------
    ValueError
        If a process has no events, its weights add up to nothing, or the table cannot be trained on.
    """
    read = list(_processes(parts, cutflows, processes))
    for process in read:
        process.check()
        _report(process)
        report_far_values_of_parts(log, process.name, process.parts, features, process.name_event)
    factors = {process.name: process.factor(luminosity) for process in read}
    make_cutflow(read, factors, expected=luminosity is not None).to_csv(cutflow, index_label="step")
    _write_table(read, factors, table, features, split)
    check_table(stored(table, features), None if split is None else split.folds)


def _processes(
    parts: Sequence[Path], cutflows: Sequence[Path], processes: Mapping[str, Mapping[str, Any]]
) -> Iterator[ReadProcess]:
    at = 0
    for name, settings in processes.items():
        one = Process(**settings)
        own = slice(at, at + one.n_parts)
        at += one.n_parts
        yield ReadProcess(name, one, parts[own], [json.loads(path.read_text()) for path in cutflows[own]])


def _report(process: ReadProcess) -> None:
    events, missing = process.total("events"), process.total("missing")
    log.info("%s: %d of %d events pass", process.name, events[-1], events[0])
    for step, n_missing in zip(process.steps, missing, strict=True):
        if n_missing:
            log.info("%s: '%s' misses an object in %d events", process.name, step, n_missing)
    negative = sum(tally["n_negative"] for tally in process.tallies)
    if negative:
        log.info("%s: %d of them have a negative weight", process.name, negative)


def make_cutflow(
    processes: Sequence[ReadProcess], factors: Mapping[str, float], *, expected: bool
) -> pd.DataFrame:
    """Return the cutflow, a row for each step.

    Returns
    -------
    DataFrame
        ``signal`` and ``background``, events in the files of all their processes. Then for each process its
        events, ``PROCESS``, and those in which an object of the step is missing, ``PROCESS_missing``. If it
        is no data, the sum of the weights, ``PROCESS_weighted``, and its uncertainty, the square root of the
        sum of their squares, ``PROCESS_weighted_uncertainty``. With a luminosity both as they are expected
        there, ``PROCESS_expected`` and ``PROCESS_expected_uncertainty``, and so for both classes at the end.
    """
    flow: dict[str, NDArray[Any]] = {}
    of_class: dict[str, NDArray[Any]] = {}
    for name in CLASSES:
        own = [process for process in processes if process.settings.role == name]
        flow[name] = np.sum([process.total("events") for process in own], axis=0)
        if expected:
            sums = [factors[one.name] * one.total("weighted") for one in own]
            squares = [factors[one.name] ** 2 * one.total("squared") for one in own]
            of_class[f"{name}_expected"] = np.sum(sums, axis=0)
            of_class[f"{name}_expected_uncertainty"] = np.sqrt(np.sum(squares, axis=0))
    for process in processes:
        name, factor = process.name, factors[process.name]
        flow[name], flow[f"{name}_missing"] = process.total("events"), process.total("missing")
        if process.settings.role == "data":
            continue
        weighted, uncertainty = process.total("weighted"), np.sqrt(process.total("squared"))
        flow[f"{name}_weighted"], flow[f"{name}_weighted_uncertainty"] = weighted, uncertainty
        if expected:
            flow[f"{name}_expected"] = factor * weighted
            flow[f"{name}_expected_uncertainty"] = factor * uncertainty
    table = pd.DataFrame(flow | of_class, index=processes[0].steps)
    if not any(process.total("missing")[-1] for process in processes):
        table = table.drop(index=WITH_FEATURES)  # no event lacks a feature
    return table


def _write_table(
    processes: Sequence[ReadProcess],
    factors: Mapping[str, float],
    path: Path,
    features: Sequence[str],
    split: Split | None,
) -> None:
    """Write the feature table: signal, background, then data in row groups of their own."""
    n_folds = None if split is None else split.folds
    words = ["label", "split", "process", *([] if n_folds is None else [FOLD])]
    schema = pa.schema(
        [
            *((name, pa.float64()) for name in features),
            ("label", pa.int8()),
            ("split", pa.string()),
            ("weight", pa.float64()),
            ("process", pa.string()),
            ("event", pa.int64()),
            *([] if n_folds is None else [(FOLD, pa.int16())]),
        ]
    )
    by_role = {role: [one for one in processes if one.settings.role == role] for role in (*CLASSES, "data")}
    n_events = sum(int(one.total("events")[-1]) for role in CLASSES for one in by_role[role])
    drawn = None if split is None or split.test_fraction is None else draw_test(n_events, split)
    at = 0
    with TableWriter(path, schema, [*words, "weight"]) as writer:
        for role, own in by_role.items():
            if role == "data":
                writer.end_group()
            for process in own:
                for rows, offset in _rows(process):
                    here = None if drawn is None or role == "data" else drawn[at : at + len(rows)]
                    at += len(rows)
                    writer.write(
                        _finished(rows, process, factors[process.name], here, offset, n_folds, schema)
                    )


def _rows(process: ReadProcess) -> Iterator[tuple[pa.Table, int]]:
    """Yield the events of a process, and what is to be added to their numbers."""
    offset = 0
    for part, tally in zip(process.parts, process.tallies, strict=True):
        with pq.ParquetFile(part) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, use_threads=False), offset
        offset += 0 if tally["has_numbers"] else tally["n_read"]


def _finished(
    rows: pa.Table,
    process: ReadProcess,
    factor: float,
    in_test: NDArray[np.bool_] | None,
    offset: int,
    n_folds: int | None,
    schema: pa.Schema,
) -> pa.Table:
    is_data = process.settings.role == "data"
    if is_data or n_folds is not None:
        splits = np.full(len(rows), "data" if is_data else "test")
    else:
        splits = np.where(rows["test"].to_numpy() if in_test is None else in_test, "test", "train")
    columns = {name: rows[name] for name in schema.names if name in rows.schema.names}
    columns["weight"] = np.ones(len(rows)) if is_data else rows["weight"].to_numpy() * factor
    columns["event"] = rows["event"].to_numpy() + offset
    if n_folds is not None:
        given = "fold_number" in rows.schema.names
        columns[FOLD] = folds_of_numbers(rows["fold_number"] if given else columns["event"], n_folds)
    columns["label"] = np.full(len(rows), process.settings.label, dtype=np.int8)
    columns["split"] = splits
    columns["process"] = np.full(len(rows), process.name)
    return pa.table({name: columns[name] for name in schema.names}, schema)
