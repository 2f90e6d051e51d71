"""Loss and passing signal of a joint network against its first cut, with all other parameters fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...kinds import FigureSettings
from ..style import add_title, new_figure, paper_style
from .scanned_study import FUNCTION_COLORS, FUNCTIONS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import nn

    from cabin_core import EventSample

    from ...study import Study
    from ..inputs import FigureInputs

DRAWN = ("sigmoid", "balanced")
CUTS = np.linspace(-12.0, 30.0, 169)


class Settings(FigureSettings):
    """Loss and signal of a joint network against its first cut."""

    files = ("features", "model")
    n_networks = range(1, 2)
    needs = frozenset({"classifier", "one_bin"})

    plot: Literal["passing_against_cut"]


def move_first_cut(network: nn.Module, sample: EventSample, function: str) -> pd.DataFrame:
    """Return the softmax loss and the passing signal for each position of the first cut.

    Parameters
    ----------
    network : JointNetwork
        The network; it has its original cut again afterwards.
    sample : EventSample
    function : str
        Name of the cut function.

    Returns
    -------
    DataFrame
        ``cut``, ``loss`` and ``passing``, the number of signal events with sigmoid(P) > 0.5 in float32.

    Raises
    ------
    ValueError
        If the network has no preselection.
    """
    import pandas as pd
    import torch

    from cabin_core import JointNetwork, WattsLoss

    if not isinstance(network, JointNetwork):
        raise ValueError("a cut is moved in front of a network: a joint one is needed")
    cuts = network.preselection
    kept, kept_function = cuts.bias.detach().clone(), cuts.cut_function
    loss = WattsLoss("softmax")
    rows = []
    with torch.no_grad():
        outputs = network.classifier(sample.features)
        cuts.cut_function = function
        for cut in CUTS:
            cuts.bias[..., 0] = -cut * cuts.weight[0]
            products = cuts(sample.features) * outputs
            passing = (torch.sigmoid(products[sample.is_signal, 0].float()) > 0.5).sum()
            value = loss.of_scores(products, sample.is_signal, sample.weights)
            rows.append({"cut": cut, "loss": float(value[0]), "passing": int(passing)})
        cuts.bias.copy_(kept)
    cuts.cut_function = kept_function
    return pd.DataFrame(rows)


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the result of :func:`move_first_cut` for each ``function``, on the training sample."""
    import pandas as pd
    import torch

    from ...models.samples import make_sample

    trained = inputs.model()
    sample = make_sample(inputs.read("features"), trained.scaling, "train", torch.float32)
    parts = [
        move_first_cut(trained.network, sample, function).assign(function=function) for function in DRAWN
    ]
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the loss at the left and the signal at the right, with a line for each function."""
    label = study.features[0].label
    with paper_style():
        fig = new_figure(7.4, 3.3)
        loss, passing = fig.subplots(1, 2)
        for function, rows in table.groupby("function", sort=False):
            style = {
                "color": FUNCTION_COLORS[str(function)],
                "ls": "-" if function == "sigmoid" else "--",
                "label": FUNCTIONS[str(function)],
            }
            loss.plot(rows["cut"], rows["loss"] / 1e3, **style)
            passing.plot(rows["cut"], rows["passing"] / 1e3, **style)
        loss.set_ylabel("Softmax loss [$10^{3}$]", loc="center")
        passing.set_ylabel("Signal events that pass [$10^{3}$]", loc="center")
        loss.ticklabel_format(axis="y", useOffset=False)
        for ax in (loss, passing):
            ax.set_xlabel(f"Cut on {label}", loc="center")
        loss.legend()
        add_title(fig, study)
    return fig
