"""The loss of arXiv:2502.08615 (Eq 5, 6, 7 and BCE) with further terms, computed from sums over events.

The loss depends on the events only through :class:`EventSums`, and the sums of two chunks of events can be
added. So its value and its gradient do not depend on how the events are split in memory or over processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from .classifiers import cuts_of
from .events import EventSample
from .loss import Loss, LossTerms, LossValue
from .stream import EventStream
from .sums import EventSums
from .term import Aim, BaseTerm
from .terms import known_terms
from .yields import ExpectedYields

if TYPE_CHECKING:
    from .schedule import Schedule


class CutLoss(Loss):
    r"""Loss for cuts with target signal efficiencies, little background and small steps between targets.

    .. math::
        L = \sum_i \left[\alpha (t_i - \epsilon^S_i)^2 + \beta \epsilon^B_i
            + \frac{\gamma}{m} \sum_f c_{if}^2 + \delta\,\mathrm{BCE}_i\right]
            + \frac{\varepsilon}{(n - 2) m} \sum_{i, f}
              \frac{\left(c_{if} - \frac{c_{i+1,f} + c_{i-1,f}}{2}\right)^2}{(c_{i+1,f} - c_{i-1,f})^2 + 0.1}

    with targets :math:`t_i` sorted in increasing order, cuts
    :math:`c_{if}` in scaled units, and mean scores as efficiencies. These five terms are those of Table 1
    there; :mod:`cabin_core.terms` has a module for each of them and for each further term.

    With bins of a property the loss is the sum over bins, each weighted by its share of the signal times the
    number of bins. So the smoothness term ties a bin with few events to its neighbours. The significance is
    that of all bins together.

    Parameters
    ----------
    targets : sequence of float
        Target signal efficiency of each row of the network; empty where there is none.
    n_bins : int
        Number of bins of a property in the network.
    yields : ExpectedYields, optional
        Expected yields of a counting experiment; some terms need them.
    **terms : float
        Coefficient of each term by its name, zero where left out, and further options of the terms by their
        names, ``constraint_form="equal"`` for example.

    Attributes
    ----------
    terms : dict of str to BaseTerm
        The terms with a coefficient above zero, in the order in which they are added up.
    reads_cross_entropy : bool
        Whether one of them reads the cross-entropy of the sums.

    Raises
    ------
    ValueError
        If a name is unknown, a coefficient is negative or infinite, all are zero, a term lacks what it needs,
        or no term keeps the minimum signal of the yields.

    References
    ----------
    arXiv:2502.08615, Eq 5, 6, 7 and Table 1.
    """

    from_sums = True

    def __init__(
        self,
        targets: Sequence[float] = (),
        *,
        n_bins: int = 1,
        yields: ExpectedYields | None = None,
        **terms: Any,
    ) -> None:
        self.aim = Aim(targets, n_bins, yields)
        _check(terms)
        known = known_terms()
        self.terms: dict[str, BaseTerm] = {
            name: term(terms[name], self.aim, **{key: terms[key] for key in term.options if key in terms})
            for name, term in known.items()
            if terms.get(name)
        }
        if not self.terms:
            raise ValueError("all loss coefficients are zero: nothing to train")
        if (
            yields is not None
            and yields.minimum_signal
            and not any(term.holds_minimum_signal for term in self.terms.values())
        ):
            raise ValueError(
                "a minimum signal is kept by the constraint term of the loss: give it a stiffness"
            )
        self.reads_cross_entropy = any(term.reads_cross_entropy for term in self.terms.values())
        self._columns = [name for name, term in known.items() if term.place is not None or name in terms]

    def evaluate(self, network: nn.Module, sample: EventSample | EventStream) -> LossTerms:
        """Return the terms of the loss of a network on a sample."""
        sums = EventSums.from_sample(network, sample, entropy=self.reads_cross_entropy)
        cuts = cuts_of(network)
        return self(sums, None if cuts is None else cuts.cuts())

    def __call__(self, sums: EventSums, cuts: Tensor | None = None) -> LossTerms:
        """Return the terms of the loss.

        Parameters
        ----------
        sums : EventSums
            Sums over a whole sample, over a batch, or added up from chunks.
        cuts : Tensor, shape (n_rows, n_features), optional
            In scaled units; needed by the cut size and smoothness terms.

        Returns
        -------
        LossTerms
            The five terms of Table 1, zero where they have no coefficient, and the further terms in use.

        Raises
        ------
        ValueError
            If the weights of a class have no positive sum, the numbers of rows and targets differ, or cuts
            are missing.
        """
        for name in ("signal", "background"):
            weight = getattr(sums, f"{name}_weight")
            if not (weight > 0).all():
                where = "this batch" if self.aim.n_bins == 1 else "a bin of this batch"
                if (weight < 0).any():
                    raise ValueError(
                        f"the weights of the {name} events in {where} sum to less than zero: negative ones "
                        "outweigh the others, more events are needed there"
                    )
                raise ValueError(f"no {name} event in {where}: the loss needs both classes")
        goals = self.aim.goals
        if goals and len(sums.signal_score) != len(goals):
            raise ValueError(f"{len(goals)} targets for {len(sums.signal_score)} rows of scores")
        if goals and cuts is not None and len(cuts) != len(goals):
            raise ValueError(f"{len(goals)} targets for {len(cuts)} rows of cuts")
        zero = sums.signal_score.new_zeros(())
        return LossTerms(
            {name: self.terms[name](sums, cuts) if name in self.terms else zero for name in self._columns},
            sums,
        )

    def move_goals(self, goals: Sequence[float]) -> None:
        """Aim at other signal efficiencies than the targets, see :meth:`cabin_core.term.Aim.move_goals`."""
        self.aim.move_goals(goals)
        for term in self.terms.values():
            term.goals_moved()

    def begin_epoch(self, share: float, schedule: Schedule | None = None) -> None:
        """Call ``begin_epoch`` of each term, see :meth:`cabin_core.loss.Loss.begin_epoch`."""
        for term in self.terms.values():
            term.begin_epoch(share, schedule)

    def end_epoch(
        self,
        epoch: int,
        network: nn.Module,
        sample: EventSample | EventStream,
        value: LossValue | None = None,
    ) -> None:
        """Call ``end_epoch`` of each term, with the sums of the epoch where there are some."""

        @cache
        def sums() -> EventSums:
            if isinstance(value, LossTerms) and isinstance(value.sums, EventSums):
                return value.sums
            return EventSums.from_sample(network, sample, entropy=self.reads_cross_entropy)

        for term in self.terms.values():
            term.end_epoch(epoch, sums)


def _check(terms: Mapping[str, Any]) -> None:
    """Raise for an unknown name, and for an option that has a wrong value or belongs to an unused term."""
    known = known_terms()
    of_term = {key: name for name, term in known.items() for key in term.options}
    for name, value in terms.items():
        if name in of_term:
            values = known[of_term[name]].options[name]
            if value not in values:
                raise ValueError(f"unknown {name} {value!r}: one of {', '.join(values)}")
            if value != values[0] and not terms.get(of_term[name]):
                raise ValueError(f"{name} {value} needs the {of_term[name]} term of the loss")
        elif name not in known:
            raise ValueError(f"unknown term {name!r} of the loss: one of {', '.join(known)}")
