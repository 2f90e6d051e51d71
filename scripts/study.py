"""A study: a dataset with its networks, analyses, figures, tables and claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, Len
from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from .columns import AUTO, WINDOW, Column, Feature
from .counting_experiment import CountingExperiment
from .export_settings import Exports
from .kinds import (
    LACKS,
    AnalysisSettings,
    DrawnSettings,
    FigureSettings,
    ModelSettings,
    SourceSettings,
    TableSettings,
    modules,
    not_known,
)
from .settings import Fault, Fraction, Name, Seed, Settings, Targets, Text

#: Reserved columns of the feature table, which are not allowed as names of features.
RESERVED_COLUMNS = ("event", "fold", "label", "process", "split", "weight")
#: Names of other files and folders of a study, which are not allowed as names of networks.
RESERVED_NETWORKS = ("read", "simulation")
DEFAULT: Literal["default"] = "default"
NO_FOLDS = "it does not take a model a fold: remove it, or `folds` of the split"

DefaultOrEntries = Annotated[
    Annotated[Literal["default"], Tag("(word)")] | Annotated[dict[Name, dict[str, Any]], Tag("(mapping)")],
    Discriminator(lambda value: "(word)" if isinstance(value, str) else "(mapping)"),
]


class Split(Settings):
    """Split into a training and a test sample, at random or for ntuples by an expression; or into folds."""

    test_fraction: Fraction | None = Field(default=None, description="Fraction of all events for the test")
    seed: Seed | None = Field(default=None, description="Seed of the random choice of the test events")
    by: Text | None = Field(
        default=None,
        description="Instead, holds for test events: `event % 5 == 0`; with `folds` the number whose "
        "remainder is the fold, that of the event where absent",
    )
    folds: Annotated[int, Ge(2), Le(100)] | None = Field(
        default=None,
        description="Instead, the number of folds. The fold of an event is the remainder of its number. "
        "Each network is trained once a fold, on the events of the others, and judges its own",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Split:
        other = next((name for name in ("folds", "by") if getattr(self, name) is not None), None)
        for name in ("test_fraction", "seed"):
            if (getattr(self, name) is None) != (other is not None):
                text = "{other} and {name}: remove one" if other else "the key `{name}` is missing"
                raise PydanticCustomError("split", text, {"name": name, "other": other or ""})
        return self


class StudySettings(Settings):
    """The keys of a study; :func:`scripts.study_parsing.parse_study` parses the entries by their kinds."""

    renamed: ClassVar[dict[str, str]] = {
        "search": "counting_experiment",
        **{name: f"analyses.{name}" for name in ("bin_optimum", "kept_fractions", "repeats", "robustness")},
        "optimum": "analyses.optimum, with its list as `targets`",
        "scorecard": "claims",
    }

    title: str = Field(default="", description="Title above the figures of the study; its name where absent")
    source: dict[str, Any] = Field(description="Origin of the events: a `kind` and its settings")
    split: Split | None = Field(default=None, description="Split into training and test events")
    features: Annotated[list[Feature], Len(1)] = Field(description="Quantities that are cut on")
    scaling: Literal["robust", "standard"] = Field(
        default="robust",
        description="Origin and unit of each feature in trainings: `robust` for the median and half the "
        "distance between the quantiles at one standard deviation of a Gaussian, which outliers do not "
        "move, or `standard` for mean and standard deviation, as in the papers",
    )
    properties: Annotated[list[Column], Len(1)] | None = Field(
        default=None, description="Columns that are not cut on but that cuts may follow, beside the features"
    )
    counting_experiment: CountingExperiment | None = Field(
        default=None, description="Expected yields, for significances"
    )
    networks: DefaultOrEntries = Field(
        default=DEFAULT,
        description="Models of the study by name: for each a `model` and its settings; or `default`: a scan "
        "with smooth cuts, the paper's scan, a kCuts search and a BDT as the ceiling",
    )
    targets: Annotated[Targets, Len(1)] = Field(
        default=[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95],
        description="Target signal efficiencies of the default networks; others have their own",
    )
    analyses: DefaultOrEntries = Field(
        default=DEFAULT,
        description="Settings by the kind of analysis; or `default`: how far the networks are overtrained, "
        "and how much background their cuts leave over the best that a short search finds",
    )
    figures: DefaultOrEntries = Field(
        default=DEFAULT, description="Figures by name, each a `plot` and its settings; or `default`"
    )
    tables: DefaultOrEntries = Field(
        default=DEFAULT, description="Tables by name, each a `table` and its settings; or `default`"
    )
    exports: Exports | None = Field(
        default=None,
        description="What is exported to other frameworks; all networks with cuts where absent. Not of a "
        "config that changes the paper's",
    )
    claims: dict[str, dict[str, Any]] = Field(
        default={}, description="Statements of papers on this study, by id"
    )


class Study(Settings):
    """A parsed study: the fields of :class:`StudySettings`, with each entry as object of its kind."""

    name: str
    title: str
    source: SourceSettings
    split: Split | None
    features: list[Feature]
    scaling: Literal["robust", "standard"]
    properties: list[Column]
    counting_experiment: CountingExperiment | None
    networks: dict[str, ModelSettings]
    analyses: dict[str, AnalysisSettings]
    figures: dict[str, FigureSettings]
    tables: dict[str, TableSettings]
    exports: Exports
    claims: dict[str, dict[str, Any]]

    @property
    def folds(self) -> int | None:
        """Number of folds; None without folds."""
        return None if self.split is None else self.split.folds

    @property
    def folds_by_position(self) -> bool:
        """Whether events of ntuples have no number of their own by which they are dealt to folds."""
        numbered = getattr(self.source, "event", None) or (self.split is not None and self.split.by)
        return self.folds is not None and self.source.takes_expressions and not numbered

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, in order."""
        return [feature.name for feature in self.features]

    @property
    def directions(self) -> list[str]:
        """``>``, ``<``, ``window`` or, where it is still to be found, ``auto`` for each feature."""
        return [feature.direction for feature in self.features]

    @property
    def limits(self) -> list[dict[str, float]] | None:
        """The limits of the cuts on each feature; None if there are none at all."""
        limits = [feature.limits for feature in self.features]
        return limits if any(limits) else None

    @property
    def finds_directions(self) -> bool:
        """Whether the direction of a feature is to be found in the training events."""
        return AUTO in self.directions

    def with_directions(self, directions: Mapping[str, str]) -> Study:
        """Return the study with these directions, by the name of the feature, in place of ``auto``."""
        features = [
            feature.model_copy(update={"direction": directions[feature.name]})
            if feature.direction == AUTO
            else feature
            for feature in self.features
        ]
        return self.model_copy(update={"features": features})

    def window_faults(self) -> Iterator[Fault]:
        """Yield a fault for each feature with a window, of what is for one-sided cuts only."""
        for feature in self.features:
            if feature.direction == WINDOW:
                yield "", f"for one-sided cuts only, and {feature.name} has a window: give it '>' or '<'"

    @property
    def column_names(self) -> list[str]:
        """Names of all columns: the features, and the properties that are not features."""
        return list(dict.fromkeys([*self.feature_names, *(one.name for one in self.properties)]))

    def column(self, name: str) -> Column:
        """Return a feature or property by its name."""
        return next(column for column in [*self.features, *self.properties] if column.name == name)

    def networks_of(self, analysis: str) -> list[str]:
        """Return the networks whose settings an analysis reads."""
        settings = self.analyses[analysis]
        return list(dict.fromkeys([*settings.configured, *settings.evaluated(self)]))

    def faults(self) -> Iterator[Fault]:
        """Yield the inconsistencies between the parts, each with the path of its key below the study."""
        yield from self._column_faults()
        if self.source.splits_itself == (self.split is not None):
            text = f"a source of the kind {self.source.kind} splits itself: remove the key"
            if self.folds is not None:
                text = "the source says which events are of the test, as `test_files` do: remove one of both"
            yield ("split", text) if self.split else ("", "the key `split` is missing")
        if self.split is not None and self.split.by is not None:
            yield from _below("split.by", self.source.split_faults(self.split.by))
        if self.folds is not None and self.claims:
            yield "claims", NO_FOLDS
        yield from _below("source", self.source.check(self))
        if self.counting_experiment is not None:
            yield from _below("counting_experiment", self.counting_experiment.faults(self.source))
        if not self.networks:
            yield "networks", "nothing to train: name a network at least"
        for name, network in self.networks.items():
            if name in RESERVED_NETWORKS:
                yield f"networks.{name}", "a folder beside those of the networks has this name: take another"
            if network.needs_yields and self.counting_experiment is None:
                text = (
                    f"network {name} is trained on expected yields: the key `counting_experiment` is missing"
                )
                yield "", text
            else:
                yield from _below(f"networks.{name}", network.check(self))
        for name in self.analyses:
            yield from _below(f"analyses.{name}", self.analysis_faults(name))
        yield from _below("exports", self.exports.check(self))
        for section in ("figures", "tables"):
            for name, drawn in getattr(self, section).items():
                yield from _below(f"{section}.{name}", self.faults_of(drawn))

    def _column_faults(self) -> Iterator[Fault]:
        for section, columns in (("features", self.features), ("properties", self.properties)):
            names = [column.name for column in columns]
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield section, f"{name} is named twice"
            for name in RESERVED_COLUMNS:
                if name in names:
                    yield section, f"{name} is a column of the feature table"
            known = self.source.known_columns
            if known is not None:
                yield from (
                    (section, not_known("feature", name, known)) for name in names if name not in known
                )
        if self.source.features_only:
            for column in self.properties:
                if column.name not in self.feature_names:
                    kind = self.source.kind
                    yield "properties", f"a {kind} source makes features only: {column.name} is none"

    def analysis_faults(self, name: str) -> Iterator[Fault]:
        """Yield the reasons why the study cannot have one of its analyses."""
        analysis = self.analyses[name]
        if self.folds is not None and not analysis.takes_folds:
            yield "", NO_FOLDS
        unknown = [network for network in self.networks_of(name) if network not in self.networks]
        yield from (("", not_known("network", network, self.networks)) for network in unknown)
        for kind in analysis.files:
            if kind in modules("analysis") and kind not in self.analyses:
                yield "", f"it compares with the analysis {kind}, which the study lacks: add it"
        if analysis.one_sided:
            yield from self.window_faults()
        if not unknown:
            yield from analysis.check(self)

    def faults_of(self, drawn: DrawnSettings) -> Iterator[Fault]:
        """Yield the reasons why the study cannot have a figure or table."""
        for kind in drawn.files:
            if kind in modules("analysis") and kind not in self.analyses:
                yield "", f"study {self.name} has no analysis `{kind}` to show"
        if "cutflow" in drawn.files and not self.source.from_files:
            yield "", f"study {self.name} does not come from files: no cutflow"
        if self.folds is not None and not drawn.takes_folds:
            yield "", NO_FOLDS
        if drawn.needs_yields and self.counting_experiment is None:
            yield "", f"study {self.name} has no key `counting_experiment`: its yields are shown here"
        if drawn.n_features not in (None, len(self.features)):
            shows = f"{len(self.features)} features in the study {self.name}, this shows {drawn.n_features}"
            yield "", shows
        allowed, count = drawn.n_networks, len(drawn.networks)
        if count not in allowed:
            need = f"{allowed.start}" if len(allowed) == 1 else f"{allowed.start} to {allowed.stop - 1}"
            yield "networks", f"{count} networks named, this kind takes {need}"
        unknown = [name for name in drawn.networks if name not in self.networks]
        yield from (("networks", not_known("network", name, self.networks)) for name in unknown)
        for name in drawn.networks:
            if name not in unknown:
                missing = sorted(drawn.needs - self.networks[name].offers)
                model = self.networks[name].model
                if missing:
                    lacks = " and ".join(LACKS.get(what, f"has no {what}") for what in missing)
                    yield "networks", f"{name}, of the model {model}, {lacks}: name another network"
        if unknown or count not in allowed:
            return
        if drawn.first_sets_targets and not self.networks[drawn.networks[0]].working_points:
            text = (
                f"the first, {drawn.networks[0]}, sets the targets of all and has none: name one with targets"
            )
            yield "networks", f"{text} first"
        for kind in drawn.files:
            if kind in self.analyses:
                yield from self.analyses[kind].lacking(drawn.networks, self)
        yield from drawn.check(self)


def _below(where: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    for key, text in faults:
        yield (f"{where}.{key}" if key else where), text
