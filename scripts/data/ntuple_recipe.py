"""What is computed of the branches of a process: columns, preselection, weight, number of the event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .expressions import Expression

#: Reserved names of steps: the first of a cutflow, and the one of events that lack a feature.
ALL_EVENTS, WITH_FEATURES = "all events", "all features there"


@dataclass(frozen=True)
class Recipe:
    """What is computed of the branches of a process.

    A name in an expression is that of a column, if there is one, else of a branch. In the expression of a
    column its own name is that of the branch, so that ``pt: pt / 1000`` changes a unit.

    Parameters
    ----------
    columns : mapping of Expression
        By name.
    steps : mapping of Expression
        The preselection, by name, in order.
    features : tuple of str
        Columns that are written.
    where : Expression, optional
        Holds for the events of the process; all events of the files where None.
    weight, event, test, fold : Expression, optional
        Weight and number of an event, whether it is of the test sample, and the number whose remainder is its
        fold. Weights are 1 where None.
    missing : mapping of float
        Values of branches that say that there is no object.
    keeps_missing : bool
        Whether an event passes a step in which an object is missing.
    tree : str, optional
        Tree of ROOT files.
    """

    columns: Mapping[str, Expression]
    steps: Mapping[str, Expression]
    features: tuple[str, ...]
    where: Expression | None = None
    weight: Expression | None = None
    event: Expression | None = None
    test: Expression | None = None
    fold: Expression | None = None
    missing: Mapping[str, float] | None = None
    keeps_missing: bool = False
    tree: str | None = None

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Recipe:
        """Return the recipe of plain settings: each expression as text, and else as the parameters above."""

        def expression(name: str) -> Expression | None:
            return Expression.parse(settings[name]) if settings.get(name) is not None else None

        return cls(
            columns={name: Expression.parse(text) for name, text in settings["columns"].items()},
            steps={name: Expression.parse(text) for name, text in settings["steps"]},
            features=tuple(settings["features"]),
            where=expression("where"),
            weight=expression("weight"),
            event=expression("event"),
            test=expression("test"),
            fold=expression("fold"),
            missing=settings.get("missing") or {},
            keeps_missing=bool(settings.get("keeps_missing")),
            tree=settings.get("tree"),
        )

    def expressions(self) -> Iterator[tuple[str, Expression]]:
        """Yield the expressions that are evaluated, each with its key in the config."""
        yield from self._of_events()
        yield from ((f"columns.{name}", self.columns[name]) for name in self.needed_columns())

    def needed_columns(self) -> list[str]:
        """Return the columns that are computed, each behind those that it needs.

        Raises
        ------
        ValueError
            If columns need each other.
        """
        names = [name for _, expression in self._of_events() for name in expression.names]
        return _with_needed(self.columns, [*names, *self.features])

    def _of_events(self) -> Iterator[tuple[str, Expression]]:
        by = self.test if self.fold is None else self.fold
        named = {"where": self.where, "weight": self.weight, "event": self.event, "split.by": by}
        yield from ((key, expression) for key, expression in named.items() if expression is not None)
        yield from ((f"preselection.{name}", expression) for name, expression in self.steps.items())

    def branches(self) -> dict[str, str]:
        """Return the branches that are read, each with the first key of the config that needs it."""
        needed: dict[str, str] = {}
        for key, expression in self.expressions():
            own = key.removeprefix("columns.") if key.startswith("columns.") else None
            for name in expression.names:
                if name == own or name not in self.columns:
                    needed.setdefault(name, key)
        return needed


def _with_needed(columns: Mapping[str, Expression], wanted: Iterable[str]) -> list[str]:
    """Return the columns among some names and what they need, each behind those that it needs."""
    ordered: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name in ordered or name not in columns:
            return
        if name in open_:
            raise ValueError(
                f"the columns {', '.join(open_[open_.index(name) :])} need each other: rename one, as a name "
                "is that of a column before it is that of a branch"
            )
        open_.append(name)
        for other in columns[name].names:
            if other != name:
                visit(other)
        open_.pop()
        ordered.append(name)

    for name in wanted:
        visit(name)
    return ordered
