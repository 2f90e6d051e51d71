"""Running the program of the real Delphes: finding it and its cards, and checking its output."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import uproot

from .delphes import TREE

logger = logging.getLogger("cabin")

#: Folders of the cards relative to that of the program, for Delphes built in place or installed.
CARD_FOLDERS = ("cards", "../cards", "../share/delphes/cards", "../share/Delphes/cards")
#: Lines of progress that Delphes writes repeatedly.
PROGRESS = re.compile(r"\*\* (\[[#-]*\] \(|\d+ events processed)")


def run_delphes(events: list[Path], root_file: Path, program: str, card: str, seed: int) -> None:
    """Run Delphes on events of HepMC3 files.

    Parameters
    ----------
    events : list of Path
        HepMC3 files (ASCII).
    root_file : Path
        Written. An existing file is removed first, because Delphes refuses to overwrite it.
    program : str
        Name or path of ``DelphesHepMC3``.
    card : str
        Path of a Delphes card, or the name of a card that comes with Delphes.
    seed : int
        Seed of the random response; the same seed gives the same file.

    Raises
    ------
    ValueError
        If there is no such program or card, Delphes fails, or it leaves a file without events.
    """
    found = find_program(program)
    card_file = find_card(card, found)
    root_file.unlink(missing_ok=True)
    logger.info("%s with %s, seed %d, on %d files", found, card_file, seed, len(events))
    with TemporaryDirectory(dir=root_file.parent) as folder:
        seeded = seed_card(card_file, seed, Path(folder))
        run([str(found), str(seeded), str(root_file), *map(str, events)])
    check_output(root_file, events)


def run(command: list[str]) -> None:
    """Run a command and log its lines, except those of progress.

    Raises
    ------
    ValueError
        If the command fails; the message has its last line.
    """
    last = "it printed nothing"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            text = line.strip()
            if text and not PROGRESS.match(text):
                last = text
                logger.info(text)
    if process.returncode != 0:
        raise ValueError(
            f"{command[0]} stopped with exit status {process.returncode}: {last}; "
            "all that it printed is in the log of this job"
        )


def find_program(program: str) -> Path:
    """Return the path of Delphes' program.

    Raises
    ------
    ValueError
        If it is not found; the message says how to get it.
    """
    path = shutil.which(os.path.expanduser(program))
    if path is None:
        raise ValueError(
            f"no program {program}: install Delphes (`conda install --channel conda-forge delphes`), or run "
            "with `--software-deployment-method conda`, or give its path as the key `program`"
        )
    return Path(path).absolute()


def find_card(card: str, program: Path) -> Path:
    """Return the path of a card: the given path, or a card of ``$DELPHES_DIR`` or of the program's Delphes.

    Raises
    ------
    ValueError
        If it is not found; the message lists the known cards.
    """
    given = Path(card).expanduser()
    if given.is_file():
        return given
    # The program can be a link into the installation.
    homes = {program.parent: None, program.resolve().parent: None}
    folders = [home / folder for home in homes for folder in CARD_FOLDERS]
    if os.environ.get("DELPHES_DIR"):
        folders.insert(0, Path(os.environ["DELPHES_DIR"], "cards"))
    # A wrong path must not lead to another card with the same name.
    if given.name == card:
        for folder in folders:
            if (folder / card).is_file():
                return (folder / card).resolve()
    names = sorted({path.name for folder in folders for path in folder.glob("delphes_card_*.tcl")})
    known = f"one of those of Delphes: {', '.join(names)}" if names else "no cards come with this Delphes"
    raise ValueError(f"no Delphes card {card}: give a path as the key `card`, or {known}")


def seed_card(card: Path, seed: int, folder: Path) -> Path:
    """Copy a card to a folder and set the seed, as Delphes would take a different one in each run."""
    # A card can include others, which Delphes expects in the same folder.
    for path in card.absolute().parent.iterdir():
        if path.name != card.name:
            (folder / path.name).symlink_to(path)
    seeded = folder / card.name
    # At the end, to replace a seed of the card. Delphes needs a positive 32-bit int; 0 means no seed.
    seeded.write_text(f"{card.read_text()}\nset RandomSeed {seed % (2**31 - 1) + 1}\n")
    return seeded


def check_output(root_file: Path, events: list[Path]) -> None:
    """Check that Delphes wrote events.

    Raises
    ------
    ValueError
        If the file is missing, has no tree ``Delphes``, or one without entries.
    """
    if not root_file.exists():
        raise ValueError(f"{root_file}: Delphes did not write it; what it printed is in the log of this job")
    with uproot.open(root_file) as opened:
        tree = opened.get(TREE)
        if not isinstance(tree, uproot.TTree):
            raise ValueError(f"{root_file}: no tree `{TREE}`: does the card have a TreeWriter?")
        if tree.num_entries == 0:
            names = ", ".join(map(str, events))
            raise ValueError(f"{root_file}: no events: are there any in {names}, and are these HepMC3 files?")
        logger.info("%d events in %s", tree.num_entries, root_file)
