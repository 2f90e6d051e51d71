"""Pass generated events through the real Delphes."""

from pathlib import Path

from scripts.jobs.bridge import path_list
from scripts.physics.delphes_program import run_delphes


def main(*, events: Path | list[Path], root_file: Path, program: str, card: str, seed: int) -> None:
    """Run Delphes on the events of a sample.

    Parameters
    ----------
    events : Path or list of Path
        HepMC3 files of :mod:`scripts.generate_events`.
    root_file : Path
        Written: tree ``Delphes``.
    program, card, seed
        As in :func:`scripts.physics.delphes_program.run_delphes`.
    """
    run_delphes(path_list(events), root_file, program, card, seed)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
