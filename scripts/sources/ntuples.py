"""Ntuples of any analysis: ROOT trees, parquet and text tables, with features as expressions of branches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from annotated_types import Len
from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ..data.expressions import Expression
from ..data.ntuple_paths import find_files
from ..data.ntuple_recipe import ALL_EVENTS, WITH_FEATURES, Recipe
from ..kinds import ConfigError, SourceSettings, not_known, require_both_classes
from ..settings import Fault, Name, NotNegative, Number, Positive, PositiveShare, Text
from ..settings import Settings as Part

if TYPE_CHECKING:
    from ..study import Study

#: Most jobs that read the files of one process.
MOST_JOBS = 20


def _parsed(text: str) -> str:
    Expression.parse(text)
    return text


ExpressionText = Annotated[str, Len(1), AfterValidator(_parsed)]
Step = Annotated[
    Annotated[ExpressionText, Tag("(word)")]
    | Annotated[dict[Text, ExpressionText], Len(1, 1), Tag("(mapping)")],
    Discriminator(lambda value: "(mapping)" if isinstance(value, dict) else "(word)"),
]
Files = Annotated[list[Text], Len(1)]


class FilesOfJob(NamedTuple):
    """Files of a process that a job reads, and whether they are of the test where the config says it."""

    files: list[str]
    in_test: bool | None = None


class SumOfWeights(Part):
    """A sum of weights that is written in the files, as ``genEventSumw`` of the tree ``Runs`` of NanoAOD."""

    tree: Text | None = Field(default=None, description="Tree of the branch; the only one where absent")
    branch: Text = Field(description="Branch that is added up over all entries of all files")


Sum = Annotated[
    Annotated[Positive, Tag("(number)")] | Annotated[SumOfWeights, Tag("(mapping)")],
    Discriminator(lambda value: "(mapping)" if isinstance(value, dict | SumOfWeights) else "(number)"),
]


class Process(Part):
    """A process: its files, and what differs from the other processes."""

    role: Literal["signal", "background", "data"] = Field(
        description="Class of its events. Data is in the feature table, the cutflow and figures of features, "
        "never in a training"
    )
    files: Files = Field(
        description="Files: paths or patterns such as `ntuples/*.root`, relative to the folder in which the "
        "command is given, or addresses such as `root://host//file.root`. ROOT, parquet, csv and tsv"
    )
    test_files: Files | None = Field(
        default=None,
        description="Files whose events are all of the test sample; those of `files` are then of the "
        "training. The study has no `split` then. Not of data",
    )
    tree: Text | None = Field(
        default=None,
        description="Tree or RNTuple of ROOT files, also in a folder; the only one where absent",
    )
    where: ExpressionText | None = Field(
        default=None,
        description="Condition on the events that are of this process, if not all of the files are",
    )
    columns: dict[Name, ExpressionText] = Field(
        default={}, description="Columns of this process, in place of those of all or beside them"
    )
    preselection: dict[Text, ExpressionText] = Field(
        default={}, description="Expressions of this process in place of the common ones, by name of the step"
    )
    weight: ExpressionText | None = Field(
        default=None, description="Weight of an event in place of the common one; not of data"
    )
    missing: dict[Text, Number] = Field(
        default={}, description="Sentinels of branches of this process, beside the common ones"
    )
    cross_section: Positive | None = Field(
        default=None, description="Cross-section of all its events, before the preselection [fb]"
    )
    k_factor: Positive = Field(default=1.0, description="Factor on the cross-section")
    filter_efficiency: PositiveShare = Field(
        default=1.0,
        description="Efficiency of the generator filter, a factor on the cross-section",
    )
    uncertainty: NotNegative | None = Field(
        default=None,
        description="Relative systematic uncertainty of its normalisation, independent of that of other "
        "processes",
    )
    sum_of_weights: Sum | None = Field(
        default=None,
        description="Sum of the weights of all events that were generated, as a number or from a branch; "
        "that of the events of the process in the files where absent",
    )

    @model_validator(mode="after")
    def _data_has_no_weights(self) -> Process:
        if self.role == "data":
            given = self.model_fields_set & {
                "weight",
                "cross_section",
                "k_factor",
                "filter_efficiency",
                "sum_of_weights",
                "test_files",
                "uncertainty",
            }
            if given:
                text = "{names}: events of data count as 1 and are not in the test sample, remove it"
                raise PydanticCustomError("data", text, {"names": ", ".join(sorted(given))})
        return self


class Settings(SourceSettings):
    """Ntuples, of which the events that pass a preselection are used; features are expressions."""

    takes_expressions: ClassVar[bool] = True

    kind: Literal["ntuples"]
    luminosity: Positive | None = Field(
        default=None,
        description="Integrated luminosity [fb^-1]. The weight of an event is then its own, times "
        "luminosity, cross-section, k-factor and filter efficiency, divided by the sum of weights of the "
        "process. Without it the weight is its own times the k-factor",
    )
    columns: dict[Name, ExpressionText] = Field(
        default={},
        description="Expressions by name, of branches and other columns. Features and properties without one "
        "are the branches of their names; further columns can stand in other expressions",
    )
    preselection: list[Step] = Field(
        default=[],
        description="Conditions in the order of the cutflow, each an expression or `name: expression`",
    )
    weight: ExpressionText | None = Field(
        default=None, description="Weight of an event, a product of branches for example; 1 where absent"
    )
    missing: dict[Text, Number] = Field(
        default={},
        description="Values of branches that say that there is no object, such as `Jet_pt: -999.0`",
    )
    without_object: Literal["fail", "pass"] = Field(
        default="fail",
        description="Whether an event passes a step of the preselection in which an object is missing, as "
        "`Jet_pt[0]` is without a jet. With `fail` an event that lacks a feature fails, too; with `pass` "
        "that is an error. Such events are counted in the cutflow",
    )
    event: ExpressionText | None = Field(
        default=None, description="Number of an event; where absent its position in the files of its process"
    )
    equal_class_weights: bool = Field(
        default=True,
        description="Whether the training gives both classes the same sum of weights. Only the binary "
        "cross-entropy depends on it. Efficiencies, ROC curves and figures are the same either way",
    )
    processes: Annotated[dict[Name, Process], Len(2)] = Field(description="Processes by name")

    @field_validator("processes")
    @classmethod
    def _both_classes(cls, processes: dict[str, Process]) -> dict[str, Process]:
        require_both_classes((process.role for process in processes.values()), "role")
        return processes

    @property
    def splits_itself(self) -> bool:
        """Whether files are of the test sample as a whole."""
        return any(process.test_files is not None for process in self.processes.values())

    @property
    def class_of_process(self) -> dict[str, str]:
        """``signal`` or ``background`` for each process that is no data."""
        return {name: one.role for name, one in self.processes.items() if one.role != "data"}

    @property
    def uncertainties(self) -> dict[str, float]:
        """Relative systematic uncertainty of the processes that have one."""
        return {name: one.uncertainty for name, one in self.processes.items() if one.uncertainty is not None}

    @property
    def steps(self) -> dict[str, str]:
        """The preselection by name; a step without one has its expression as name."""
        named: dict[str, str] = {}
        for step in self.preselection:
            named |= step if isinstance(step, dict) else {" ".join(step.split()): step}
        return named

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for names that clash, and for what a process needs and does not have."""
        steps = [name for step in self.preselection for name in (step if isinstance(step, dict) else [step])]
        for name in steps:
            if steps.count(name) > 1 or name in (ALL_EVENTS, WITH_FEATURES):
                yield "preselection", f"two steps have the name '{name}': write `name: expression`"
        if study.split is not None and study.split.by is not None and any(self.split_faults(study.split.by)):
            return
        used: set[str] = set()
        for name, process in self.processes.items():
            where = f"processes.{name}"
            yield from (
                (f"{where}.preselection", not_known("step", step, steps))
                for step in process.preselection
                if step not in steps
            )
            yield from self._process_faults(where, process)
            try:
                branches = Recipe.parse(self.recipe(name, study)).branches()
            except ValueError as error:
                yield f"{where}.columns", str(error)
                continue
            used |= set(branches)
            for branch in process.missing:
                if branch not in branches:
                    yield (
                        f"{where}.missing.{branch}",
                        "no expression of this process needs this branch: remove it",
                    )
        for branch in self.missing:
            if branch not in used:
                yield f"missing.{branch}", "no expression needs this branch: remove it, or correct the name"
        yield from self._cutflow_faults()

    def split_faults(self, by: str) -> Iterator[Fault]:
        """Yield a fault if this is no expression."""
        try:
            Expression.parse(by)
        except ValueError as error:
            yield "", str(error)

    def _process_faults(self, where: str, process: Process) -> Iterator[Fault]:
        if process.role == "data":
            return
        if self.splits_itself and process.test_files is None:
            yield where, "the key `test_files` is missing, which other processes have"
        if self.luminosity is None:
            for key in ("cross_section", "filter_efficiency", "sum_of_weights"):
                if key in process.model_fields_set:
                    yield (
                        f"{where}.{key}",
                        "it counts with a luminosity only: give `luminosity`, or remove it",
                    )
        elif process.cross_section is None:
            yield where, "the key `cross_section` is missing, which `luminosity` needs"

    def _cutflow_faults(self) -> Iterator[Fault]:
        """Yield a fault for processes whose columns of the cutflow have the same name."""
        classes, expected = ("signal", "background"), CUTFLOW_ENDINGS[-2:]
        taken = {"step": "", **{f"{name}{end}": name for name in classes for end in ("", *expected)}}
        for name in self.processes:
            of_role = [other for other, one in self.processes.items() if one.role == name]
            own = [f"{name}{end}" for end in CUTFLOW_ENDINGS]
            # A class that is one process has the numbers of the process.
            clash = [one for one in own if one in taken and (of_role != [name] or taken[one] != name)]
            if clash:
                text = f"the cutflow has a column {clash[0]} already: give the process another name"
                yield f"processes.{name}", text
            taken |= dict.fromkeys(own, name)

    def recipe(self, process: str, study: Study, part: FilesOfJob | None = None) -> dict[str, Any]:
        """Return what is computed for a process, see :meth:`scripts.data.ntuple_recipe.Recipe.parse`."""
        one = self.processes[process]
        columns = {**self.columns, **one.columns}
        for name in study.column_names:
            columns.setdefault(name, f"`{name}`")
        is_data = one.role == "data"
        by = None if study.split is None else study.split.by
        test, fold = (by, None) if study.folds is None else (None, by)
        if part is not None and part.in_test is not None:
            test = str(part.in_test)
        settings: dict[str, Any] = {
            "columns": columns,
            "steps": [[name, one.preselection.get(name, text)] for name, text in self.steps.items()],
            "features": study.column_names,
            "where": one.where,
            "weight": None if is_data else (one.weight or self.weight),
            "event": self.event,
            "test": None if is_data else test,
            **({} if fold is None else {"fold": fold}),
            "missing": {**self.missing, **one.missing},
            "keeps_missing": self.without_object == "pass",
            "tree": one.tree,
            "sum_of_weights": one.sum_of_weights.model_dump()
            if isinstance(one.sum_of_weights, SumOfWeights)
            else None,
        }
        # Only what the process needs: a change of the rest then does not read its files again.
        recipe = Recipe.parse(settings)
        needed, branches = recipe.needed_columns(), recipe.branches()
        settings["columns"] = {name: columns[name] for name in needed}
        settings["missing"] = {name: value for name, value in settings["missing"].items() if name in branches}
        return settings

    def merging(self, study: Study, parts: Mapping[str, Sequence[FilesOfJob]]) -> dict[str, Any]:
        """Return the arguments of :mod:`scripts.merge_ntuples` beside its files."""
        processes = {
            name: {
                "role": one.role,
                "n_parts": len(parts[name]),
                "cross_section": one.cross_section,
                "k_factor": one.k_factor,
                "filter_efficiency": one.filter_efficiency,
                "sum_of_weights": one.sum_of_weights if isinstance(one.sum_of_weights, float) else None,
            }
            for name, one in self.processes.items()
        }
        return {"features": study.column_names, "processes": processes, "luminosity": self.luminosity}

    def parts(self, study_name: str) -> dict[str, list[FilesOfJob]]:
        """Return the files of each process, those of one job together.

        Raises
        ------
        ConfigError
            If a path or pattern matches no file, or a file is named twice.
        """
        parts: dict[str, list[FilesOfJob]] = {}
        whole: dict[str, str] = {}
        for name, process in self.processes.items():
            own: dict[str, str] = {}
            parts[name] = []
            for key, patterns in (("files", process.files), ("test_files", process.test_files or [])):
                where = f"config: studies.{study_name}.source.processes.{name}.{key}"
                try:
                    files = find_files(patterns, own)
                except ValueError as error:
                    raise ConfigError(f"{where}: {error}") from error
                for real, path in own.items():
                    other = whole.setdefault(real, name)
                    if other != name and None in (process.where, self.processes[other].where):
                        text = (
                            f"{path} is also of the process {other}: say with `where` which events are whose"
                        )
                        raise ConfigError(f"{where}: {text}")
                in_test = None if process.test_files is None else key == "test_files"
                parts[name] += [FilesOfJob(some, in_test) for some in _shared(files)]
        return parts


def _shared(files: Sequence[str]) -> Iterator[list[str]]:
    """Yield the files of each job, neighbouring ones, about as many each."""
    n_jobs = min(len(files), MOST_JOBS)
    bounds = [len(files) * job // max(n_jobs, 1) for job in range(n_jobs + 1)]
    yield from (list(files[first:last]) for first, last in itertools.pairwise(bounds))


#: Endings of the columns that a process has in the cutflow.
CUTFLOW_ENDINGS = (
    "",
    "_missing",
    "_weighted",
    "_weighted_uncertainty",
    "_expected",
    "_expected_uncertainty",
)
