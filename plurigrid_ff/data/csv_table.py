"""A table of numbers, and perhaps one column of labels, from a CSV file.

One header line, commas, UTF-8. Blank lines are skipped.
"""

import csv
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.data.bounded import MAX_BYTES
from plurigrid_ff.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader

# Returns the index of the label column among the names, or None for a table without.
Chooser = Callable[[list[str]], int | None]


@dataclass(frozen=True, slots=True)
class Table:
    """A parsed table.

    Attributes:
        columns: Names of the numeric columns.
        values: Numeric cells, shape ``(rows, columns)``, finite.
        labels: The label of each row as text; empty where no column was chosen.
    """

    columns: list[str]
    values: NDArray[np.float32]
    labels: list[str]


def read_table(path: Path, choose_label: Chooser) -> Table:
    """Read a CSV file.

    Args:
        path: The file.
        choose_label: Picks the label column by the header's names.

    Raises:
        DataError: Where it is not a table of numbers: line, column, expected and got.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: larger than {MAX_BYTES} bytes; give fewer samples")
        # utf-8-sig, because spreadsheets put a byte order mark before the first name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(file, path, choose_label)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected UTF-8 text, got byte 0x{error.object[error.start]:02x}; "
            "save it as 'CSV UTF-8'"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _read(file: TextIO, path: Path, choose_label: Chooser) -> Table:
    """Parse the header, then every row."""
    reader = csv.reader(_without_nul(file, path), strict=True)
    try:
        columns = _check_header([name.strip() for name in next(reader, [])], path)
        label = choose_label(columns)
        if label is not None:
            del (columns := [*columns])[label]
        if not columns:
            raise DataError(
                f"{path}: line 1: expected columns of numbers beside the labels, got none; "
                "separate the columns by commas"
            )
        return _read_rows(reader, path, columns, label)
    except csv.Error as error:
        raise DataError(
            f"{path}: line {reader.line_num}: not CSV: {error}; check the quotes there"
        ) from error


def _read_rows(reader: "Reader", path: Path, columns: list[str], label: int | None) -> Table:
    """Parse the rows below the header."""
    cells, lines, labels = array("f"), array("Q"), []
    width = len(columns) + (label is not None)
    for row in reader:
        if not row:
            continue
        where = reader.line_num
        if len(row) != width:
            raise DataError(
                f"{path}: line {where}: expected {width} cells, as in the header, "
                f"got {len(row)}; fill in or remove cells"
            )
        if label is not None:
            labels.append(row.pop(label).strip())
            if not labels[-1]:
                raise DataError(f"{path}: line {where}: the label is empty; fill it in")
        try:
            cells.extend(map(float, row))
        except ValueError:
            raise _not_a_number(row, columns, f"{path}: line {where}") from None
        lines.append(where)
    if not lines:
        raise DataError(f"{path}: holds no samples: no row below the header; give at least one")
    values = np.frombuffer(cells, np.float32).reshape(len(lines), len(columns))
    _check_finite(values, columns, lines, path)
    return Table(columns, values, labels)


def _without_nul(file: TextIO, path: Path) -> Iterator[str]:
    """Yield the lines, refusing what marks a binary file."""
    for number, line in enumerate(file, start=1):
        if "\0" in line:
            raise DataError(
                f"{path}: line {number}: holds a NUL byte, so it is no text; is it a CSV file?"
            )
        yield line


def _check_header(names: list[str], path: Path) -> list[str]:
    """Return the names if each column has one of its own.

    Raises:
        DataError: No header, numbers in its place, a name missing or there twice.
    """
    where = f"{path}: line 1"
    if not any(names):
        raise DataError(f"{where}: expected the names of the columns, got an empty line; add them")
    if "" in names:
        raise DataError(
            f"{where}: column {names.index('') + 1} has no name; name it, or leave it out if it "
            "only numbers the rows"
        )
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataError(f"{where}: two columns are named {twice!r}; rename one")
    # 0, 1, 2, ... is how pandas names columns that have no names.
    if all(map(_is_number, names)) and names != [str(i) for i in range(len(names))]:
        raise DataError(
            f"{where}: expected the names of the columns, got numbers; "
            "add a header line, or the first sample would be lost"
        )
    return names


def _is_number(text: str) -> bool:
    """Whether a cell reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _not_a_number(row: list[str], columns: list[str], where: str) -> DataError:
    """Build the error for the first cell of a row that is not a number."""
    column, cell = next(
        (column, cell) for column, cell in zip(columns, row, strict=True) if not _is_number(cell)
    )
    return DataError(
        f"{where}, column {column!r}: expected a number, got {cell!r:.40}; "
        "write it as a number or leave the column out"
    )


def _check_finite(
    values: NDArray[np.float32], columns: list[str], lines: "array[int]", path: Path
) -> None:
    """Refuse NaN, infinity, and what float32 cannot hold, naming the place."""
    finite = np.isfinite(values)
    if finite.all():
        return
    row, column = divmod(int(finite.argmin()), len(columns))
    raise DataError(
        f"{path}: line {lines[row]}, column {columns[column]!r}: expected a finite float32, "
        f"got {values[row, column]}; leave the line out or fill the value in"
    )
