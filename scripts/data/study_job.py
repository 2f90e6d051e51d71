"""A study and its files, as a job gets them that analyses, draws or tabulates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..jobs.bridge import path_list
from ..study import Study
from ..study_parsing import parse_study
from .directions import read_directions

#: Under this name jobs get the table of directions where the study leaves one to be found.
FOUND = "found_directions"


def read_study(
    name: str, entry: dict[str, Any], files: Mapping[str, Path | list[Path]]
) -> tuple[Study, dict[str, list[Path]]]:
    """Return a study without open directions, and its files.

    Parameters
    ----------
    name : str
    entry : dict
        Its entry in the config, or the part that the job needs; it has been checked.
    files : mapping of str to Path or list of Path
        Input files by kind; ``found_directions`` of the study where its config leaves some open.

    Returns
    -------
    tuple of Study and dict of list of Path
        The table of directions is not among the files.
    """
    study = parse_study(name, entry, check=False)
    lists = {kind: path_list(paths) for kind, paths in files.items()}
    tables = lists.pop(FOUND, [])
    return study.with_directions(read_directions(tables[0])) if tables else study, lists
