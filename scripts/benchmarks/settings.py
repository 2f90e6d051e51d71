"""The settings of ``snakemake benchmark``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from annotated_types import Ge, Len, Lt
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ..parsing import parse
from ..settings import Count, Name, Positive, Seed, Settings, Share, Targets, Text

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


class MadeUp(Settings):
    """Events whose features are correlated, each a little higher for signal: no cut stands out."""

    events: Annotated[int, Ge(2)] = Field(description="Of each class")
    features: Count
    correlation: Annotated[float, Ge(0), Lt(1)] = Field(description="Between any two features")
    distance: Positive = Field(description="Of the means of the classes [standard deviations]")
    seed: Seed


class Aim(Settings):
    """What is aimed at for all targets of a case together."""

    gap: Share | None = Field(default=None, description="Largest gap that any of them leaves")
    seconds: Positive | None = Field(default=None, description="In which all are proven, searches included")


class ProofCase(Settings):
    """A sample whose best cuts are searched and proven, for longer than studies do it."""

    study: Name | None = Field(
        default=None, description="Study of the run: its features, directions and training events"
    )
    features: Text | None = Field(
        default=None,
        description="A feature table of the study; that of the run where null, or what its source generates",
    )
    made_up: MadeUp | None = Field(default=None, description="Events made up, in place of a study")
    windows: bool = Field(
        default=False, description="Whether each feature has two cuts, not one in its direction"
    )
    targets: Annotated[Targets, Len(1)] = Field(description="Signal efficiencies that the cuts keep")
    seconds: Positive = Field(description="Most of search and proof of a target [s]")
    nodes: Count = Field(default=10_000_000, description="Most of the proof of a target")
    starts: Count = Field(default=20, description="Random starts of the search of a target")
    seed: Seed = Field(default=1, description="Seed of the search")
    aim: Aim = Aim()

    @model_validator(mode="after")
    def _one_sample(self) -> ProofCase:
        if (self.study is None) == (self.made_up is None):
            raise PydanticCustomError("sample", "give either a study or made_up")
        if self.features is not None and self.study is None:
            raise PydanticCustomError("sample", "features are a table of a study: name it")
        return self


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
    proofs: dict[Name, ProofCase] = Field(description="Proofs of the best cuts, by name")
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
