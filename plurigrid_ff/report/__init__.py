"""One self-contained HTML page about one run.

matplotlib and jinja2 load when a page is made, not when this package is imported.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plurigrid_ff.results import RunReport

PAGE = "report.html"


def write_report(folder: Path) -> Path:
    """Write report.html from a run folder's report.json and rounds.jsonl.

    The same two files give the same bytes, on the same version of matplotlib.

    Raises:
        RunFolderError: A file is missing, unreadable, or not what a run writes.
    """
    from plurigrid_ff.files import write_text
    from plurigrid_ff.report.reading import read_report, read_rounds

    page = folder / PAGE
    write_text(page, render_report(read_report(folder), read_rounds(folder)))
    return page


def render_report(report: RunReport, rounds: Sequence[Mapping[str, Any]]) -> str:
    """Return the page for a report and the entries of its log.

    Args:
        report: What the run found.
        rounds: Entries of rounds.jsonl, oldest first; a missing key leaves out what it
            would have shown.
    """
    from plurigrid_ff.report.page import render_page

    return render_page(report, rounds)
