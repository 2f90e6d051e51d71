"""Draw one figure of the config."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.draw_figure")

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from scripts.data.study_job import read_study
from scripts.figures.inputs import FigureInputs
from scripts.figures.style import paper_style
from scripts.kinds import module_of
from scripts.parsing import parse_kind

#: Resolution of a png [dots per inch].
DPI = 150


def main(
    *,
    csv: Path,
    pdf: Path,
    png: Path,
    figure: dict[str, Any],
    study: dict[str, Any],
    study_name: str,
    caption: str,
    **files: Path | list[Path],
) -> None:
    """Write the numbers that a figure draws, then draw the figure from that very file.

    Parameters
    ----------
    csv, pdf, png : Path
        Written.
    figure : dict
        The figure's entry in the config.
    study : dict
        The entry of its study in the config, with at least the networks and analyses that it shows.
    study_name, caption : str
        The caption is for the report and is not drawn.
    **files
        Input files by kind, as in ``files`` of the settings; ``found_directions`` of the study where its
        config leaves some open.
    """
    settings = parse_kind("plot", figure)
    module = module_of("plot", settings.plot)
    parsed, lists = read_study(study_name, study, files)
    module.tabulate(FigureInputs(settings, parsed, lists)).to_csv(csv, index=False)
    table = pd.read_csv(csv)
    with paper_style():
        drawn = module.make_figure(table, settings, parsed)
        save(drawn, pdf, png)


def save(fig: Figure, pdf: Path, png: Path) -> None:
    """Write a figure without a date, for the same bytes each time; inside its style.

    ``savefig`` draws a figure twice, at first without output, to find its layout. The canvases of the formats
    lay it out as they draw it, which gives the same files.
    """
    for ax in fig.axes:
        for spine in ax.spines.values():
            # For its extent a spine searches all ticks anew, many times. Ours point inwards and add nothing.
            spine.axis = None
    FigureCanvasPdf(fig).print_pdf(pdf, metadata={"CreationDate": None})
    fig.set_dpi(DPI)  # after the pdf, which sets one of its own
    FigureCanvasAgg(fig).print_png(png)
