"""When a training has converged: its loss falls no more, also with smaller steps."""

from __future__ import annotations

import math

#: Epochs of a round, after each of which the training looks whether it goes on.
ROUND = 10
#: Rounds without a better loss after which the steps are halved, and how often they are.
PATIENCE, HALVINGS = 4, 3
#: A loss is better if it is lower by this share.
PROGRESS = 1e-3


class Convergence:
    """A watch over the loss of a training, round by round.

    A constant learning rate makes the loss swing around its minimum. So where the mean loss of a round has
    not become better for :data:`PATIENCE` rounds, the learning rate is halved, and the training has converged
    where it has been halved often enough.

    Parameters
    ----------
    halvings : int
        How often; 0 for a method that chooses its steps itself.

    Attributes
    ----------
    factor : float
        Factor for the learning rate.
    is_reached : bool
        Whether the training has converged.
    """

    def __init__(self, halvings: int = HALVINGS) -> None:
        self.factor, self.is_reached = 1.0, False
        self._best, self._waited, self._left = math.inf, 0, halvings

    def look(self, loss: float) -> None:
        """Take the mean loss of a round."""
        self._waited += 1
        if loss < self._best - PROGRESS * abs(loss):
            self._best, self._waited = loss, 0
        if self._waited < PATIENCE:
            return
        if not self._left:
            self.is_reached = True
            return
        self._left -= 1
        self.factor /= 2
        # The goals that the loss has now may be others than those of the best loss.
        self._best, self._waited = loss, 0
