"""The losses of arXiv:2502.08615 (Eq 5, 6, 7 and BCE), and what goes beyond, as terms of sums over events.

A loss sees the events only through :class:`EventSums`, which add up from chunk to chunk. So its value
and its gradient do not depend on how the events were split in memory or over processes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from torch import Tensor, nn

from .classifiers import cuts_of
from .constraint import EfficiencyConstraint, log_of_efficiency
from .events import EventSample
from .numbers import check_targets
from .sums import EventSums
from .yields import ExpectedYields

#: The constant in the denominator of Eq 7 that keeps it finite where neighbouring cuts coincide.
SMOOTHNESS_FLOOR = 0.1

#: What the constraint does with the targets: signal efficiencies at least as large in every bin, equal to
#: them in every bin, or equal to them in all bins together.
CONSTRAINT_FORMS = ("at_least", "equal", "equal_together")


@dataclass(frozen=True)
class LossTerms:
    """The terms of a loss, each with its coefficient and summed over rows; 0 where it does not apply.

    Parameters
    ----------
    efficiency, background, cut_size, bce, smoothness : Tensor, shape ()
        In the order of Eq 5 (two terms), Eq 6, BCE and Eq 7 of arXiv:2502.08615.
    log_background, constraint, significance, bin_smoothness : Tensor, shape ()
        Beyond the paper, as :class:`CutLoss` tells.
    """

    efficiency: Tensor
    background: Tensor
    cut_size: Tensor
    bce: Tensor
    smoothness: Tensor
    log_background: Tensor
    constraint: Tensor
    significance: Tensor
    bin_smoothness: Tensor

    @property
    def total(self) -> Tensor:
        """The sum of all terms, shape ()."""
        paper = self.efficiency + self.background + self.cut_size + self.bce + self.smoothness
        return paper + self.log_background + self.constraint + self.significance + self.bin_smoothness

    def values(self) -> dict[str, float]:
        """Return the total and each term as numbers."""
        names = ["total", *(f.name for f in fields(self))]
        return {name: float(getattr(self, name).detach()) for name in names}


class CutLoss:
    r"""Steers cuts to target signal efficiencies with little background and smooth cuts.

    .. math::
        L = \sum_i \left[\alpha (t_i - \epsilon^S_i)^2 + \beta \epsilon^B_i
            + \frac{\gamma}{m} \sum_f c_{if}^2 + \delta\,\mathrm{BCE}_i\right]
            + \frac{\varepsilon}{(n - 2) m} \sum_{i, f}
              \frac{\left(c_{if} - \frac{c_{i+1,f} + c_{i-1,f}}{2}\right)^2}{(c_{i+1,f} - c_{i-1,f})^2 + 0.1}

    with targets :math:`t_i` in increasing order whatever the order they are given in, cuts
    :math:`c_{if}` in scaled units, and efficiencies that are mean scores. Four more terms are not the
    paper's: :math:`\ln\epsilon^B_i`, whose slope does not fade as the background does; the targets as a
    constraint (:class:`~cabin_core.constraint.EfficiencyConstraint`); minus the significance of a search; and
    the last sum above taken from bin to bin of an event property in place of target to target.

    With bins of a property the loss is the sum over bins, in which a bin counts by its share of the signal
    (times their number): one with few events leans on its neighbours, where smoothness joins them. The
    significance is that of all bins together.

    Parameters
    ----------
    targets : sequence of float
        Target signal efficiency of each row of the network; empty where there is none.
    efficiency, background, cut_size, bce, smoothness : float
        The coefficients alpha, beta, gamma, delta and epsilon of Table 1; a zero switches a term off.
    log_background : float
        Coefficient of the logarithm of the background efficiency.
    constraint : float
        Stiffness with which signal efficiencies are held at the targets or, without targets, at the minimum
        signal of the yields.
    significance : float
        Coefficient of the significance (:func:`~cabin_core.significance.asimov_significance`).
    bin_smoothness : float
        Coefficient of the smoothness from bin to bin.
    n_bins : int
        Bins of a property that the network has.
    yields : ExpectedYields, optional
        Needed by the significance.
    first_goal : float, optional
        Of the constraint.
    constraint_form : str
        Of :data:`CONSTRAINT_FORMS`. Smooth cuts that must reach a target in every bin are all as loose as the
        unluckiest bin asks for. ``equal_together`` holds the mean over all bins only, and the efficiency term
        each bin near its target, so that one with few events can give way.

    Raises
    ------
    ValueError
        If a coefficient is negative or infinite, all are zero, the efficiency or smoothness term has no
        targets, the constraint has neither targets nor a minimum signal, its form is unknown or lacks what
        it needs, or the significance has no yields.

    References
    ----------
    arXiv:2502.08615, Eq 5, 6, 7 and Table 1.
    """

    def __init__(
        self,
        targets: Sequence[float] = (),
        *,
        efficiency: float = 0.0,
        background: float = 0.0,
        cut_size: float = 0.0,
        bce: float = 0.0,
        smoothness: float = 0.0,
        log_background: float = 0.0,
        constraint: float = 0.0,
        significance: float = 0.0,
        bin_smoothness: float = 0.0,
        n_bins: int = 1,
        yields: ExpectedYields | None = None,
        first_goal: float | None = None,
        constraint_form: str = "at_least",
    ) -> None:
        self.targets = check_targets(targets)
        self.coefficients = {
            "efficiency": float(efficiency),
            "background": float(background),
            "cut_size": float(cut_size),
            "bce": float(bce),
            "smoothness": float(smoothness),
            "log_background": float(log_background),
            "constraint": float(constraint),
            "significance": float(significance),
            "bin_smoothness": float(bin_smoothness),
        }
        self.n_bins = n_bins
        wrong = [name for name, value in self.coefficients.items() if not 0 <= value < math.inf]
        if wrong:
            raise ValueError(f"loss coefficients must not be negative or infinite: {', '.join(wrong)}")
        if not any(self.coefficients.values()):
            raise ValueError("all loss coefficients are zero: nothing to train")
        for name in ("efficiency", "smoothness"):
            if self.coefficients[name] and not self.targets:
                raise ValueError(f"the {name} term of the loss needs target efficiencies")
        if self.coefficients["significance"] and yields is None:
            raise ValueError("the significance term of the loss needs the yields that a search expects")
        self.yields = yields
        self.constraint_form = self._check_form(constraint_form)
        self.constraint = self._make_constraint(first_goal) if constraint else None
        if yields is not None and yields.minimum_signal and self.constraint is None:
            raise ValueError(
                "a minimum signal is kept by the constraint term of the loss: give it a stiffness"
            )
        self._order = sorted(range(len(self.targets)), key=self.targets.__getitem__)

    def _check_form(self, form: str) -> str:
        if form not in CONSTRAINT_FORMS:
            raise ValueError(f"unknown constraint_form {form!r}: one of {', '.join(CONSTRAINT_FORMS)}")
        if form != "at_least" and not (self.coefficients["constraint"] and self.targets):
            raise ValueError(f"constraint_form {form} needs the constraint term of the loss and targets")
        if form == "equal_together" and self.n_bins == 1:
            raise ValueError("constraint_form equal_together needs bins of a property")
        return form

    def _make_constraint(self, first_goal: float | None) -> EfficiencyConstraint:
        least = 0.0 if self.yields is None else self.yields.minimum_signal / self.yields.signal
        # Targets are those of every bin, if not of all together; the minimum signal is of all together.
        n_held = 1 if self.constraint_form == "equal_together" else self.n_bins
        goals = [max(target, least) for target in self.targets] * n_held or ([least] if least else [])
        if not goals:
            raise ValueError(
                "the constraint term of the loss needs target efficiencies or a minimum signal to hold"
            )
        two_sided = self.constraint_form != "at_least"
        return EfficiencyConstraint(goals, self.coefficients["constraint"], first_goal, two_sided=two_sided)

    def evaluate(self, network: nn.Module, sample: EventSample) -> LossTerms:
        """Return the terms of the loss of a network on a sample."""
        sums = EventSums.of_sample(network, sample)
        cuts = cuts_of(network)
        return self(sums, None if cuts is None else cuts.cuts())

    def __call__(self, sums: EventSums, cuts: Tensor | None = None) -> LossTerms:
        """Return the terms of the loss.

        Parameters
        ----------
        sums : EventSums
            Of a whole sample, a batch, or added up from chunks.
        cuts : Tensor, shape (n_rows, n_features), optional
            In scaled units; needed by the cut size and smoothness terms.

        Returns
        -------
        LossTerms

        Raises
        ------
        ValueError
            If a class has no events, the number of rows is not that of the targets, or cuts are missing.
        """
        for name in ("signal", "background"):
            if not (getattr(sums, f"{name}_weight") > 0).all():
                where = "this batch" if self.n_bins == 1 else "a bin of this batch"
                raise ValueError(f"no {name} event in {where}: the loss needs both classes")
        goals = self.targets * self.n_bins
        if goals and len(sums.signal_score) != len(goals):
            raise ValueError(f"{len(goals)} targets for {len(sums.signal_score)} rows of scores")
        if goals and cuts is not None and len(cuts) != len(goals):
            raise ValueError(f"{len(goals)} targets for {len(cuts)} rows of cuts")
        # 1 without bins.
        share = sums.signal_weight / sums.signal_weight.mean()
        zero = sums.signal_score.new_zeros(())
        terms = dict.fromkeys(self.coefficients, zero)
        if self.coefficients["efficiency"]:
            targets = sums.signal_score.new_tensor(goals)
            terms["efficiency"] = (share * (targets - sums.signal_efficiency()) ** 2).sum()
        if self.coefficients["background"]:
            terms["background"] = (share * sums.background_efficiency()).sum()
        if self.coefficients["bce"]:
            all_weights = sums.signal_weight + sums.background_weight
            terms["bce"] = (share * (sums.cross_entropy / all_weights)).sum()
        if self.coefficients["cut_size"]:
            terms["cut_size"] = (_needed(cuts, "cut size") ** 2).mean(dim=1).sum()
        if self.coefficients["smoothness"]:
            # Of each bin; then, below, of each target.
            by_bin = self._by_bin(_needed(cuts, "smoothness"))[:, self._order]
            terms["smoothness"] = self.n_bins * roughness(by_bin.transpose(0, 1))
        if self.coefficients["bin_smoothness"]:
            by_bin = self._by_bin(_needed(cuts, "bin_smoothness"))
            terms["bin_smoothness"] = by_bin.shape[1] * roughness(by_bin)
        if self.coefficients["log_background"]:
            terms["log_background"] = (share * log_of_efficiency(sums.background_efficiency())).sum()
        if self.coefficients["significance"] and self.yields is not None:
            together = sums.all_bins(self.n_bins)
            significances = self.yields.significance(
                together.signal_efficiency(), together.background_efficiency()
            )
            terms["significance"] = -significances.sum()
        weighted = {name: self.coefficients[name] * term for name, term in terms.items()}
        if self.constraint is not None:
            weighted["constraint"] = self.constraint(self._constrained(sums))
        return LossTerms(**weighted)

    def constrained_efficiency(self, network: nn.Module, sample: EventSample) -> Tensor:
        """Return the signal efficiencies that the constraint holds: of bins, or of all of them together."""
        return self._constrained(EventSums.of_sample(network, sample))

    def _constrained(self, sums: EventSums) -> Tensor:
        together = not self.targets or self.constraint_form == "equal_together"
        return (sums.all_bins(self.n_bins) if together else sums).signal_efficiency()

    def _by_bin(self, cuts: Tensor) -> Tensor:
        by_bin: Tensor = cuts.unflatten(0, (self.n_bins, -1))  # (n_bins, n_rows, n_features)
        return by_bin


def roughness(cuts: Tensor) -> Tensor:
    """Return how far cuts lie from the middle of their neighbours, Eq 7 without its coefficient.

    Parameters
    ----------
    cuts : Tensor, shape (n_steps, ...)
        Cuts in scaled units, in increasing order of the target, or of the property for those of bins.

    Returns
    -------
    Tensor, shape ()
        Mean over the inner steps and all else; 0 for fewer than three steps.

    References
    ----------
    arXiv:2502.08615, Eq 7.
    """
    if len(cuts) < 3:
        return cuts.new_zeros(())
    below, at, above = cuts[:-2], cuts[1:-1], cuts[2:]
    return ((at - (above + below) / 2) ** 2 / ((above - below) ** 2 + SMOOTHNESS_FLOOR)).mean()


def _needed(cuts: Tensor | None, term: str) -> Tensor:
    if cuts is None:
        raise ValueError(f"the {term} term of the loss needs a network with cuts")
    return cuts
