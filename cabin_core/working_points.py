"""Working points whose hard cuts meet what is asked of them, on the training sample.

Two steps, both of which keep the cuts smooth from one working point to the next. While a network is trained,
the goals of its loss move by what its hard cuts miss, so that smooth and hard cuts may differ, and a loss may
pull. The smoothness in the loss stays at work. After the training, what is left is a matter of reading the
curve of cuts elsewhere: :func:`meet_targets` takes the cuts between two working points, or beyond the last
one, at which the efficiency is the wanted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .cuts import CutNetwork
from .hard_sums import effective_events_of, hard_efficiencies
from .metrics import efficiency_error

if TYPE_CHECKING:
    from .cut_loss import CutLoss
    from .events import EventSample
    from .stream import EventStream

#: Share of what the hard cuts miss by which the goals move after a round of epochs.
GAIN = 0.5
#: Largest distance of a goal from its target: a loss with goals far beyond would follow nothing else.
FARTHEST_GOAL = 0.1
#: A working point closer than this to its target stays as the training left it [statistical errors].
CLOSE = 0.5
#: Changes of all cuts at once with which the slope of the background with the signal is measured
#: [scaled units].
NUDGE = 0.05
#: Least number of points between the first and the last working point at which efficiencies are looked up.
POINTS = 80
#: Distances beyond the ends of the curve [scaled units]: none is beyond the last event then.
BEYOND = 0.02 * 1.3 ** np.arange(32)
#: Halvings of the distance between two of these points.
HALVINGS = 14
#: Steps of rounded cuts that a working point takes at most to its target.
MOST_STEPS = 20


class WorkingPoints:
    """What is asked of the rows of a network, on a sample.

    Parameters
    ----------
    network : CutNetwork
    loss : CutLoss
        Its goals are moved.
    targets : sequence of float
        Efficiency that each row shall have, in (0, 1).
    sample : EventSample or EventStream
        The training sample.
    of_background : bool
        Whether these are efficiencies of the background, and not of the signal.

    Attributes
    ----------
    errors : ndarray, shape (n_rows,)
        Statistical errors of the targets on this sample.
    """

    def __init__(
        self,
        network: CutNetwork,
        loss: CutLoss,
        targets: Sequence[float],
        sample: EventSample | EventStream,
        *,
        of_background: bool = False,
    ) -> None:
        self.network, self._loss = network, loss
        self.targets, self.sample = np.array(targets, dtype=float), sample
        self.of_background = of_background
        events = float(effective_events_of(sample)[int(of_background)])
        self.errors = np.array([efficiency_error(target, events) for target in self.targets])

    def check(self, network: object, loss: object) -> None:
        """Raise ValueError if the network or the loss of a training is another one."""
        if network is not self.network or loss is not self._loss:
            raise ValueError("the working points are those of another network or loss")

    def reached(self, bias: Tensor | None = None) -> NDArray[np.float64]:
        """Return the efficiencies of the hard cuts of signal and background, shape (2, n_rows).

        Parameters
        ----------
        bias : Tensor, shape (n_bins, n_rows, n_edges), optional
            Other biases, of any number of rows; those of the network where None.
        """
        return hard_efficiencies(self.network, self.sample, bias).numpy()

    def asked_of(self, efficiencies: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return those of signal and background efficiencies for which there are targets."""
        return np.asarray(efficiencies[int(self.of_background)])

    def missed(self) -> NDArray[np.float64]:
        """Return by how much the hard cuts lie above their targets [statistical errors], shape (n_rows,)."""
        return np.asarray((self.asked_of(self.reached()) - self.targets) / self.errors)

    def move_goals(self) -> None:
        """Move the goals of the loss, which are signal efficiencies, by what the hard cuts miss."""
        signal, background = self.reached()
        goals = np.array(self._loss.aim.row_goals)
        if not self.of_background:
            moved = goals + GAIN * (self.targets - signal)
            moved = np.clip(moved, self.targets - FARTHEST_GOAL, self.targets + FARTHEST_GOAL)
        else:
            moved = goals + GAIN * (self.targets - background) / self._slope()
            # As far as the hard signal efficiency is from it, too.
            moved = np.clip(moved, signal - FARTHEST_GOAL, signal + FARTHEST_GOAL)
        self._loss.move_goals(np.clip(moved, 1e-3, None).tolist())

    def _slope(self) -> NDArray[np.float64]:
        """Return the background efficiency that cuts give for signal efficiency, shape (n_rows,).

        All cuts are loosened at once. Where cuts are the best ones, this costs as much background as any
        other way to the same signal.
        """
        bias = self.network.bias.detach()
        values = [self.reached(bias + shift) for shift in (NUDGE, -NUDGE)]
        signal, background = values[0] - values[1]
        return np.asarray(np.clip(background / np.maximum(signal, 1e-9), 0.05, 20.0))


@torch.no_grad()
def meet_targets(points: WorkingPoints) -> None:
    """Move working points along the curve of the network's cuts until they meet their targets.

    The cuts of all rows, in the order of their targets, are a curve, straight between two rows. Beyond the
    first and the last row all cuts are tightened or loosened by the same distance. Each row whose hard cuts
    miss its target by more than :data:`CLOSE` errors takes the cuts at which this curve has the wanted
    efficiency. So cuts that were smooth stay as smooth as they were. In bins of a property all of them move
    together. Where the curve jumps over the target, since a feature has few values, its cut stays before the
    jump.

    Parameters
    ----------
    points : WorkingPoints
        The biases of its network are changed.
    """
    network = points.network
    moving = np.flatnonzero(np.abs(points.missed()) > CLOSE)
    if not len(moving):
        return
    curve = _Curve(points)
    bias = network.bias.detach().clone()
    for row in moving:
        bias[:, row] = curve.find(int(row))
    network.bias.copy_(bias)
    network.project()


@torch.no_grad()
def settle(points: WorkingPoints) -> None:
    """Let working points meet their targets by rounded cuts, step by step.

    Where rounded cuts leave nothing else that could move, or not enough, each row that misses its target by
    more than its error takes the step, of one cut to either side, that brings it closest, again and again.

    Parameters
    ----------
    points : WorkingPoints
        Their network has limits.
    """
    limits = points.network.limits
    assert limits is not None
    edges = limits.rounded_edges
    for _ in range(MOST_STEPS):
        missed = np.abs(points.missed())
        if not (missed > 1).any() or not edges:
            return
        changes = [_one_step(points.network.bias.shape[2], edge, side) for edge in edges for side in (1, -1)]
        tried = [limits.moved(change) for change in changes]
        found = [
            np.abs(points.asked_of(points.reached(bias)) - points.targets) / points.errors for bias in tried
        ]
        best = np.argmin(found, axis=0)
        better = [row for row, at in enumerate(best) if missed[row] > 1 and found[at][row] < missed[row]]
        if not better:
            return
        for row in better:
            limits.set_rows([row], tried[best[row]][:, [row]])


def _one_step(n_edges: int, edge: int, side: int) -> Tensor:
    change = torch.zeros(n_edges)
    change[edge] = side
    return change


class _Curve:
    """The cuts of a network as a function of a number: the place of a row among the sorted targets.

    Parameters
    ----------
    points : WorkingPoints
    """

    def __init__(self, points: WorkingPoints) -> None:
        order = np.argsort(points.targets)
        self._place = np.argsort(order)
        self._points = points
        self._rows = points.network.bias.detach()[:, order].clone()
        limits = points.network.limits
        self._free = None if limits is None else limits.free.to(points.network.bias.device)
        last = len(order) - 1
        inner = np.linspace(0.0, last, last * -(-POINTS // last) + 1) if last else np.zeros(1)
        self._at = np.concatenate([-BEYOND[::-1], inner, last + BEYOND])
        self._values = self._look_up(self._at, 0) if self._shared else None

    @property
    def _shared(self) -> bool:
        """Whether the curve is the same for all rows: no row has edges of its own that do not move."""
        return self._free is None or bool(self._free.all())

    def _biases(self, at: NDArray[np.float64], row: int, held: Tensor | None = None) -> Tensor:
        """Return the biases at points of the curve, shape (n_bins, n_points, n_edges).

        Edges that cannot move are those of the row; those of ``held``, shape (n_bins, 1, n_edges), are in its
        place where it is not NaN.
        """
        last = self._rows.shape[1] - 1
        inside = np.clip(at, 0.0, last)
        below = np.minimum(np.floor(inside).astype(int), max(last - 1, 0))
        above = np.minimum(below + 1, last)
        share, beyond = (
            torch.as_tensor(values, dtype=self._rows.dtype)[:, None].to(self._rows.device)
            for values in (inside - below, at - inside)
        )
        bias = torch.lerp(self._rows[:, below], self._rows[:, above], share) + beyond
        network = self._points.network
        if self._free is not None and network.limits is not None:
            bias = torch.where(self._free, network.limits.clamp(bias), network.bias.detach()[:, [row]])
        return bias if held is None else torch.where(held.isnan(), bias, held)

    def _look_up(self, at: NDArray[np.float64], row: int, held: Tensor | None = None) -> NDArray[np.float64]:
        """Return the efficiency of the hard cuts at points of the curve."""
        return self._points.asked_of(self._points.reached(self._biases(at, row, held)))

    def find(self, row: int) -> Tensor:
        """Return the biases at which the efficiency is the target of a row, shape (n_bins, n_edges).

        Where a feature has few values, integers say, the efficiency jumps as its cut moves over one of them,
        maybe over the target. Its cut then stays on the loose side of it, and the others make up for that.
        """
        held: Tensor | None = None
        found, around = self._closest(row, held)
        for _ in range(self._rows.shape[2]):
            target = self._points.targets[row]
            distance = abs(float(self._points.asked_of(self._points.reached(found))[0]) - target)
            if around is None or distance <= CLOSE * self._points.errors[row]:
                break
            held = self._hold_jump(held, around)
            other, around = self._closest(row, held)
            if abs(float(self._points.asked_of(self._points.reached(other))[0]) - target) >= distance:
                break
            found = other
        return found[:, 0]

    def _hold_jump(self, held: Tensor | None, around: tuple[Tensor, Tensor]) -> Tensor:
        """Return held edges with one more: that which makes most of a jump between two points, loose."""
        reached = [float(self._points.asked_of(self._points.reached(bias))[0]) for bias in around]
        tight, loose = around if reached[0] < reached[1] else around[::-1]
        edges = torch.eye(tight.shape[2], dtype=torch.bool, device=tight.device)
        changed = torch.where(edges, loose, tight)  # (n_bins, n_edges, n_edges): one edge each is loose
        jumps = self._points.asked_of(self._points.reached(changed))
        if held is not None:
            jumps = np.where(held[0, 0].isnan().cpu().numpy(), jumps, -1.0)
        at = int(np.argmax(jumps))
        more = torch.full_like(tight, torch.nan) if held is None else held.clone()
        more[..., at] = loose[..., at]
        return more

    def _closest(self, row: int, held: Tensor | None) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
        """Return the point closest to the target of a row, and the two around it if the target lies between.

        Fluctuations can give several such points: it is the one nearest to where a curve that only rises,
        close to this one, has the target. Each has the shape (n_bins, 1, n_edges).
        """
        target, at = self._points.targets[row], self._at
        values = self._look_up(at, row, held) if self._values is None or held is not None else self._values
        rising = (np.maximum.accumulate(values) + np.minimum.accumulate(values[::-1])[::-1]) / 2
        likely = np.interp(target, rising, at) if rising[0] <= target <= rising[-1] else self._place[row]
        crossed = np.flatnonzero((values[:-1] <= target) != (values[1:] <= target))
        if not len(crossed):
            distances = np.abs(values - target)
            # Of equal ones the nearest to the row's own place.
            closest = np.flatnonzero(distances == distances.min())
            best = closest[np.argmin(np.abs(at[closest] - self._place[row]))]
            return self._biases(at[[best]], row, held), None
        first = crossed[np.argmin(np.abs((at[crossed] + at[crossed + 1]) / 2 - likely))]
        low, high = float(at[first]), float(at[first + 1])
        rises = values[first] <= target
        found = dict(zip((low, high), values[first : first + 2], strict=True))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            found[middle] = self._look_up(np.array([middle]), row, held)[0]
            if (found[middle] <= target) == rises:
                low = middle
            else:
                high = middle
        best_point = min(found, key=lambda point: abs(found[point] - target))
        best, *around = (self._biases(np.array([point]), row, held) for point in (best_point, low, high))
        return best, (around[0], around[1])
