"""Write the scorecard: every number and claim of the papers beside ours, with a verdict."""

import json as json_text
from pathlib import Path
from typing import Any

from scripts.scorecard.pages import to_html, to_markdown
from scripts.scorecard.results import Results
from scripts.scorecard.rows import make_rows
from scripts.study_parsing import parse_study


def main(
    *,
    results: Path | list[Path],
    json: Path,
    md: Path,
    html: Path,
    studies: dict[str, dict[str, Any]],
    not_comparable: str,
) -> None:
    """Write the scorecard in three formats.

    Parameters
    ----------
    results : list of Path
        All files of all studies, so that the rule waits for them.
    json, md, html : Path
        Written, into the folder of the run.
    studies : dict of dict
        Studies of the config, without removed entries.
    not_comparable : str
        Reason why no number of this run can be compared; empty if they can be.
    """
    parsed = {name: parse_study(name, study, check=False) for name, study in studies.items()}
    rows = make_rows(Results(json.parent, parsed), not_comparable)
    json.write_text(json_text.dumps(rows, indent=1) + "\n")
    md.write_text(to_markdown(rows))
    html.write_text(to_html(rows))


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
