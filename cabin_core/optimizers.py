"""The optimizers of a training."""

from __future__ import annotations

import inspect
from typing import Any

import torch


def _without_compiler(kind: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """Return an optimizer of torch that does not import torch's compiler.

    An optimizer tells the compiler what it must leave alone, and imports it for that: a second at the start
    of each training, and as long as the loss of a scan in each step, for a compiler that is not used. The
    methods below are the same without this.
    """
    update = inspect.unwrap(kind.step)

    class Eager(kind):  # type: ignore[valid-type, misc]
        add_param_group = inspect.unwrap(kind.add_param_group)
        zero_grad = inspect.unwrap(kind.zero_grad)

        @torch.no_grad()
        def step(self, closure: Any = None) -> Any:
            return update(self, closure)

        # An optimizer wraps its step for torch's profiler and hooks; this says that it has done so, which
        # leaves both out.
        step.hooked = True  # type: ignore[attr-defined]

    return Eager


#: Optimizers by name.
OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": _without_compiler(torch.optim.SGD),
    "adam": _without_compiler(torch.optim.Adam),
    "lbfgs": _without_compiler(torch.optim.LBFGS),
}
