"""Samples in a CSV file: one column of labels, numbers in all others."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.data.checks import check_several
from plurigrid_ff.data.csv_table import read_table
from plurigrid_ff.data.source import Samples, Source
from plurigrid_ff.errors import unknown_name

LABEL = "label"


def read_csv(path: Path, label_column: str | None) -> Source:
    """Read labelled samples; a label is any text.

    Args:
        path: The file.
        label_column: Name of the labels' column; else ``label``, else the last.

    Raises:
        DataError: The file is not such a table.
        UnknownNameError: No column has that name.
    """

    def choose(columns: list[str]) -> int:
        if label_column is not None and label_column not in columns:
            raise unknown_name("column", label_column, columns, where=f"{path}: ")
        wanted = label_column if label_column is not None else LABEL
        return columns.index(wanted) if wanted in columns else len(columns) - 1

    table = read_table(path, choose)
    names = sort_labels(set(table.labels))
    check_several(names, where=str(path))
    classes = {name: index for index, name in enumerate(names)}
    y = np.fromiter((classes[label] for label in table.labels), np.int64, len(table.labels))
    return Source(str(path), Samples(table.values, y), None, names)


def read_csv_inputs(path: Path, label_column: str | None) -> NDArray[np.float32]:
    """Read samples without labels, leaving out a column of labels if there is one.

    Raises:
        DataError: The file is not a table of numbers.
    """

    def choose(columns: list[str]) -> int | None:
        wanted = label_column if label_column is not None else LABEL
        return columns.index(wanted) if wanted in columns else None

    return read_table(path, choose).values


def sort_labels(labels: set[str]) -> tuple[str, ...]:
    """Sort labels: by value if all are integers, else as text."""
    try:
        # The text too: '1' and '01' are two labels with one value.
        return tuple(sorted(labels, key=lambda label: (int(label), label)))
    except ValueError:
        return tuple(sorted(labels))
