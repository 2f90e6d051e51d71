"""From a Snakemake job to the ``main`` of its script."""

from __future__ import annotations

import gc
import inspect
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO


def _paths(files: Any) -> dict[str, Path | list[Path]]:
    """Return the named files of a job; a name with several files gives a list."""
    return {
        name: Path(value) if isinstance(value, str) else [Path(item) for item in value]
        for name, value in files.items()
    }


def path_list(paths: Path | list[Path]) -> list[Path]:
    """Return the files of a named input of a rule, one or several, as a list."""
    return paths if isinstance(paths, list) else [paths]


def share_compiled_code() -> None:
    """Have numba keep compiled code for the jobs and runs of this folder; before its import."""
    os.environ.setdefault("NUMBA_CACHE_DIR", os.path.abspath("results/.cache/numba"))


def bridge(snakemake: Any, main: Callable[..., None]) -> None:
    """Call ``main`` with the named inputs, outputs and params of a job.

    An argument ``threads`` is the number of threads of the job, ``mpi`` its resource of that name.
    Inputs and params named ``code`` or ``state`` only trigger reruns and are left out. The script reports to
    the terminal and to the job's log. An error is one line on the terminal, its traceback is in the log, and
    the exit status is 1.
    """
    arguments = {**_paths(snakemake.input), **_paths(snakemake.output), **dict(snakemake.params.items())}
    for name in ("code", "state"):
        arguments.pop(name, None)
    signature = inspect.signature(main)
    if "threads" in signature.parameters and "threads" not in arguments:
        arguments["threads"] = snakemake.threads
    if "mpi" in signature.parameters:
        arguments["mpi"] = snakemake.resources.get("mpi")
    signature.bind(**arguments)
    share_compiled_code()
    # The search for garbage in cycles, of which a job makes little, takes a tenth of the time by default.
    gc.set_threshold(100_000)
    failure: Exception | None = None
    try:
        with open(snakemake.log[0], "w") as log:
            _report_to(sys.stderr, log)
            try:
                main(**arguments)
            except Exception as error:
                failure = error
                traceback.print_exc(file=log)
    except OSError as error:
        # The log cannot be written, for example on a full disk; the first error is the one to report.
        failure = failure or error
    if failure is not None:
        print(
            f"error in {snakemake.rule}: {_one_line(failure, snakemake.output)}", file=sys.stderr, flush=True
        )
        sys.exit(1)
    # At its end Python would look through all modules for garbage once more, for half a second with torch.
    gc.freeze()


def _report_to(*streams: TextIO) -> None:
    logging.raiseExceptions = False  # without this a full disk gives a traceback for every line of the log
    logger = logging.getLogger("cabin")
    logger.setLevel(logging.INFO)
    for stream in streams:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S"))
        logger.addHandler(handler)


def _one_line(error: Exception, outputs: Iterable[str]) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.filename is None:
        # A failed write, for example on a full disk, does not name the file.
        return f"{text}, while writing {', '.join(outputs)}: make room there and run again"
    # These two have a message for the user; others are clear only with their type.
    return text if isinstance(error, (ValueError, OSError)) else f"{type(error).__name__}: {text}"
