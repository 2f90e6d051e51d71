"""The settings of ``snakemake benchmark``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from annotated_types import Ge, Len
from pydantic import Field, StringConstraints, model_validator

from ..parsing import parse
from ..settings import Count, Name, Positive, Settings, Text

Repetitions = Annotated[int, Ge(2)]


class Case(Settings):
    """The size of a training whose epochs are timed."""

    events: Annotated[int, Ge(10)] = Field(description="Training events")
    features: Count
    targets: Annotated[int, Ge(3)] = Field(description="Target efficiencies of the scan")
    threads: Count
    bce: bool = Field(description="Whether the loss has the cross-entropy")


class Turns(Settings):
    """How often and how long contenders take turns."""

    most: Repetitions = Field(description="Turns of each contender")
    least: Repetitions = Field(description="Turns of each contender, however long they take")
    turn_seconds: Positive = Field(description="A turn has as many epochs as take about so long [s]")
    case_seconds: Positive = Field(description="No more turns than the least after so long [s]")
    longest_epoch: Positive = Field(description="A contender whose epoch takes longer is left out [s]")


class Machine(Settings):
    """The measurement of the machine's limits."""

    seconds: Positive = Field(description="Time of a measurement [s]")
    repetitions: Repetitions
    copied_bytes: Count = Field(description="Size of the array that is copied; larger than all caches")


class Reading(Settings):
    """The measurement of reading Delphes files."""

    events: Count
    repetitions: Repetitions


class Costs(Settings):
    """The sizes of the cost model, and what it assumes of machines that nobody measured."""

    events: Annotated[list[Positive], Len(1)]
    features: Count
    targets: Count
    cores: Count = Field(description="Cores of a machine")
    memory: Positive = Field(description="Memory of a machine [bytes]")
    disk_rate: Positive = Field(description="Reading from the disk of a machine [bytes/s]")
    message_seconds: Positive = Field(description="Time of a small message between two machines [s]")


class Benchmarks(Settings):
    """All that is measured."""

    folder: Annotated[str, StringConstraints(pattern=r"^[\w./-]+$")] = Field(
        description="Where it is written"
    )
    package: Text | None = Field(description="The authors' package as pip names it, none where null")
    base: Case
    cases: Annotated[dict[Name, dict[str, Any]], Len(1)] = Field(description="Changes of the base, by name")
    turns: Turns
    memory_events: Annotated[list[Count], Len(2)] = Field(description="Training events, the fewest first")
    machine: Machine
    delphes_file: Text | None = Field(description="A Delphes ROOT file; made-up events where null")
    reading: Reading
    costs: Costs

    @model_validator(mode="after")
    def _cases_are_valid(self) -> Benchmarks:
        for name in self.cases:
            self.case(name)
        return self

    def case(self, name: str) -> Case:
        """Return a case with the values of the base that it leaves as they are."""
        return parse(Case, self.base.model_dump() | self.cases[name], f"cases.{name}")


def read_benchmarks(path: Path, changes: dict[str, Any]) -> Benchmarks:
    """Read the settings.

    Parameters
    ----------
    path : Path
        File with all keys below ``benchmarks``.
    changes : dict
        Keys that take the place of those of the file.

    Raises
    ------
    ConfigError
        With one line for each fault.
    """
    return parse(Benchmarks, yaml.safe_load(path.read_text())["benchmarks"] | changes, "benchmarks")
