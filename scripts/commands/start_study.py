"""Read ntuples and propose a study: ``start_study --signal zz=ZZ.root --background z=Z.root``."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from ..data.ntuple_paths import find_files
from ..starter.proposals import identifier, propose
from ..starter.study_file import study_text
from ..starter.survey import Contents, look_into

#: Where the Makefile is, where the command is installed as `make` does it.
REPOSITORY = Path(__file__).resolve().parents[2]
ROLES = ("signal", "background", "data")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="start_study", description=(__doc__ or "").partition(":")[0] + ".")
    for role in ROLES:
        made.add_argument(
            f"--{role}",
            nargs="+",
            default=[],
            metavar="NAME=FILES",
            required=role != "data",
            help=f"{role} processes: a path or pattern in quotes, with a name where there are several",
        )
    made.add_argument("--tree", help="tree of ROOT files that have several")
    made.add_argument("--output", type=Path, default=Path("my_study.yaml"), help="file that is written")
    made.add_argument("--events", type=int, default=20_000, help="events of each process that are looked at")
    made.add_argument("--force", action="store_true", help="write over a file that is there")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the study file.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the command line where None.

    Returns
    -------
    int
        Exit status: 0, or 1 after one line that says what is wrong.
    """
    options = parser().parse_args(arguments)
    try:
        _start(options)
    except (OSError, ValueError) as error:
        print(f"start_study: {error}", file=sys.stderr)
        return 1
    return 0


def _start(options: argparse.Namespace) -> None:
    output: Path = options.output
    if output.exists() and not options.force:
        raise ValueError(f"{output} is there: give another --output, or write over it by --force")
    if options.events < 1:
        raise ValueError(f"--events: {options.events} is less than 1")
    patterns = _patterns({role: getattr(options, role) for role in ROLES})
    processes: list[Contents] = []
    taken: dict[str, str] = {}
    for (role, name), paths in patterns.items():
        files = find_files(paths, taken)
        found = look_into(name, role, paths, files, options.tree, options.events)
        counts = {"event": found.n_events, "file": len(files), "branch": len(found.branches)}
        print(f"{name}: {', '.join(counted(number, what) for what, number in counts.items())}")
        processes.append(found)
    proposal = propose(processes)
    name = identifier(output.stem)
    text = study_text(name, proposal, f"make study CONFIG={output}")
    output.write_text(text)
    print(f"cut on: {', '.join(f'{one.name} {one.direction}' for one in proposal.features)}")
    print(f"wrote {output}: look through it, then: {_command(output)}")


def _command(study: Path) -> str:
    """Return what runs a study from this folder, which need not be that of the repository."""
    makefile = REPOSITORY / "Makefile"
    elsewhere = makefile.exists() and Path.cwd() != REPOSITORY
    make = f"make -f {shlex.quote(str(makefile))}" if elsewhere else "make"
    return f"{make} study CONFIG={shlex.quote(str(study))}"


def counted(number: int, what: str) -> str:
    """Return a number with what it counts, in the plural where there is not one."""
    ending = "" if number == 1 else "es" if what.endswith("ch") else "s"
    return f"{number} {what}{ending}"


def _patterns(given: dict[str, list[str]]) -> dict[tuple[str, str], list[str]]:
    """Return the paths and patterns by role and name of the process; the role is the name of one without."""
    patterns: dict[tuple[str, str], list[str]] = {}
    for role, words in given.items():
        for word in words:
            name, equals, path = word.partition("=")
            if not (equals and name.isidentifier()):
                name, path = role, word
            if any(name == other and role != one for one, other in patterns):
                raise ValueError(f"the process {name} has two roles: give each its own name")
            patterns.setdefault((role, name), []).append(path)
    return patterns


if __name__ == "__main__":
    sys.exit(main())
