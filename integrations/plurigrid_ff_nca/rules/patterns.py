"""Patterns as people exchange them: run-length encoded (.rle) and plain text (.cells).

Reference:
    LifeWiki, "Run Length Encoded" and "Plaintext"; Golly, "File formats", for more states.
"""

import re
from dataclasses import dataclass

import numpy as np

from plurigrid_ff.errors import DataError
from plurigrid_ff_nca.rules.space import Grids

MAX_CELLS = 1 << 24
_HEADER = re.compile(
    r"x\s*=\s*(\d{1,9})\s*,\s*y\s*=\s*(\d{1,9})\s*(?:,\s*rule\s*=\s*(\S.*?))?\s*", re.IGNORECASE
)
_RUN = re.compile(r"(\d{0,9})([p-y]?[A-X]|[bo.$])|(\s+)|(!)")


@dataclass(frozen=True, eq=False)
class Pattern:
    """A grid, and the rule that its file names.

    Attributes:
        grid: States, shape ``(height, width)``, uint8.
        rule: As the file writes it; None where it does not.
    """

    grid: Grids
    rule: str | None


def read_rle(text: str, *, where: str) -> Pattern:
    """Read a pattern in run-length encoding; cells left out are in state 0.

    Raises:
        DataError: No header, a sign that means nothing, cells outside of the size that the
            header gives, or more than 16 million cells.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    header = _HEADER.fullmatch(lines[0].strip()) if lines else None
    if header is None:
        found = lines[0] if lines else ""
        raise DataError(
            f"{where}: expected a header like 'x = 3, y = 3, rule = B3/S23', got {found!r:.60}"
        )
    width, height = int(header[1]), int(header[2])
    grid = _empty(height, width, where)
    body = "\n".join(lines[1:])
    place = row = column = 0
    while place < len(body):
        match = _RUN.match(body, place)
        if match is None:
            raise DataError(
                f"{where}: expected runs of b, o, ., A to X or $, got "
                f"{body[place : place + 10]!r} in row {row} of the pattern"
            )
        place = match.end()
        count, sign, space, end = match.groups()
        if end:
            break
        if space:
            continue
        length = int(count or 1)
        if sign == "$":
            row, column = row + length, 0
            continue
        state = _state(sign)
        if state and (row >= height or column + length > width):
            raise DataError(
                f"{where}: expected cells within x = {width}, y = {height}, got row {row}, columns "
                f"{column} to {column + length - 1}; correct the header"
            )
        if state:
            grid[row, column : column + length] = state
        column += length
    return Pattern(grid, header[3])


def write_rle(grid: Grids, *, rule: str | None = None) -> str:
    """Write a pattern in run-length encoding, in lines of at most 70 signs."""
    height, width = grid.shape
    signs = "bo" if grid.max(initial=0) < 2 else None
    rows = []
    for row in grid:
        used = row[: int(np.flatnonzero(row)[-1]) + 1] if row.any() else row[:0]
        changes = np.flatnonzero(used[1:] != used[:-1]) + 1
        starts = np.concatenate([[0], changes]) if len(used) else changes
        runs = np.diff(starts, append=len(used))
        rows.append(
            "".join(
                (str(run) if run > 1 else "")
                + (signs[used[start]] if signs else _sign(int(used[start])))
                for start, run in zip(starts, runs, strict=True)
            )
        )
    body = re.sub(r"\$\$+", lambda ends: f"{len(ends[0])}$", "$".join(rows).rstrip("$")) + "!"
    runs_of_body = re.findall(r"\d*[p-y]?[A-Xbo.$!]", body)
    lines = [""]
    for run in runs_of_body:
        if len(lines[-1]) + len(run) > 70:
            lines.append("")
        lines[-1] += run
    named = f", rule = {rule}" if rule else ""
    return f"x = {width}, y = {height}{named}\n" + "\n".join(lines) + "\n"


def read_plaintext(text: str, *, where: str) -> Pattern:
    """Read a pattern in plain text: ``.`` is dead, ``O`` alive, ``!`` begins a comment.

    Raises:
        DataError: Another sign, no cells, or more than 16 million of them.
    """
    rows = [line.rstrip() for line in text.splitlines() if not line.startswith("!")]
    while rows and not rows[-1]:
        rows.pop()
    width = max(map(len, rows), default=0)
    if not width:
        raise DataError(f"{where}: expected rows of '.' and 'O', got no cells")
    grid = _empty(len(rows), width, where)
    for number, line in enumerate(rows):
        wrong = line.translate({ord(sign): None for sign in ".O*"})
        if wrong:
            raise DataError(
                f"{where}: expected '.' and 'O', got {wrong[0]!r} in row {number} of the pattern"
            )
        grid[number, : len(line)] = [sign != "." for sign in line]
    return Pattern(grid, None)


def write_plaintext(grid: Grids) -> str:
    """Write a pattern of two states in plain text.

    Raises:
        DataError: More states.
    """
    if grid.max(initial=0) > 1:
        raise DataError(
            f"plain text: expected states 0 and 1, got {grid.max()}; write .rle instead"
        )
    return "".join("".join(".O"[cell] for cell in row) + "\n" for row in grid)


def _empty(height: int, width: int, where: str) -> Grids:
    """Make a grid of bounded size.

    Raises:
        DataError: No cells, or too many.
    """
    if not 0 < height * width <= MAX_CELLS:
        raise DataError(f"{where}: expected 1 to {MAX_CELLS} cells, got {width}x{height}")
    return np.zeros((height, width), np.uint8)


def _state(sign: str) -> int:
    """Return the state that a sign means: b and . are 0, o is 1, A is 1, X 24, pA 25."""
    if sign in "b.":
        return 0
    if sign == "o":
        return 1
    high = (ord(sign[0]) - ord("p") + 1) * 24 if len(sign) == 2 else 0
    return high + ord(sign[-1]) - ord("A") + 1


def _sign(state: int) -> str:
    """Return the sign of a state, where there are more than two."""
    if state == 0:
        return "."
    high, low = divmod(state - 1, 24)
    return (chr(ord("p") + high - 1) if high else "") + chr(ord("A") + low)
