"""A finished run's network written for another runtime."""

import importlib
import os
from pathlib import Path

from plurigrid_ff.errors import ExportError, RunFolderError, unknown_name
from plurigrid_ff.files import written_beside
from plurigrid_ff.finished import find_network
from plurigrid_ff.host.folder import RunFolder, read_run_config
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.report.reading import read_report
from plurigrid_ff.results import ExportedFile, ExportReport
from plurigrid_ff.run_settings import join_plugins

# Adding a format is a module with an `encode`, and a line here.
FORMATS = {
    "onnx": "plurigrid_ff.learning.formats.onnx",
    "safetensors": "plurigrid_ff.learning.formats.safetensors",
}


def export_run(
    folder: Path | str,
    out: Path | str,
    *,
    format: str,
    agent: str | None = None,
    overwrite: bool = False,
    host: Host | None = None,
) -> ExportReport:
    """Write a finished run's network to a file of another format.

    Args:
        folder: The run folder.
        out: The file to write; what a format has to add lies beside it.
        format: A key of ``FORMATS``.
        agent: Whose network, in a society; None: that with the best validation accuracy.
        overwrite: Replace files that exist, once the new ones are whole.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Returns:
        What was written, and what goes into the network and comes out of it.

    Raises:
        ExportError: ``out`` is taken, cannot be written, or lies in the run folder, or the
            format cannot hold this network.
        UnknownNameError: No such format.
        MissingExtraError: The format needs a library that is not installed.
        RunFolderError: No finished run lies there.
        CheckpointError: Its weights are damaged.
    """
    folder, out = Path(folder), Path(out)
    if format not in FORMATS:
        raise unknown_name("format", format, FORMATS, where="--format: ")
    require_outside(out, folder)
    _require_free(out, overwrite=overwrite)
    encode = importlib.import_module(FORMATS[format]).encode
    require_finished(folder)

    from plurigrid_ff.learning.checkpoint import load_network
    from plurigrid_ff.learning.formats import Source

    join_plugins(host or load_host())
    found = find_network(folder, read_run_config(folder), agent)
    network, card = load_network(found.path)
    contents: dict[str, bytes] = encode(Source(network, card, found.path), out.name)
    for name in contents:
        _require_free(out.with_name(name), overwrite=overwrite)
    try:
        for name, content in contents.items():
            with written_beside(out.with_name(name)) as temporary:
                temporary.write_bytes(content)
    except OSError as error:
        raise ExportError(
            f"{out}: cannot be written: {error.strerror or error}; what was there is untouched: "
            "put that right, or choose another --out"
        ) from error
    return ExportReport(
        format=format,
        out=str(out),
        files=tuple(ExportedFile(name=n, bytes=len(content)) for n, content in contents.items()),
        feature_shape=card.feature_shape,
        class_names=card.class_names,
        data=card.data,
        agent=found.agent,
        objective=card.network.objective,
        parameters=network.num_parameters,
    )


def require_outside(out: Path, folder: Path) -> None:
    """Keep run folders what they were when the run ended.

    Raises:
        ExportError: The file has no name, or would lie in the run folder.
    """
    if out.name in ("", ".."):
        raise ExportError(f"{out}: expected a new file, such as {out / 'network.onnx'}")
    if out.resolve().is_relative_to(folder.resolve()):
        raise ExportError(
            f"{out}: lies in the run folder {folder}, which stays as the run left it; choose an "
            "--out elsewhere"
        )


def _require_free(path: Path, *, overwrite: bool) -> None:
    """Refuse to lose anything.

    Raises:
        ExportError: A folder lies there, or a file and ``overwrite`` is False.
    """
    if path.is_dir():
        raise ExportError(
            f"{path}: is a folder, so it is left alone; name a file, such as "
            f"{path / 'network.onnx'}"
        )
    if os.path.lexists(path) and not overwrite:
        raise ExportError(
            f"{path}: exists; choose another --out, or --overwrite to replace it once the new "
            "file is complete"
        )


def require_finished(folder: Path) -> None:
    """Require a run that has ended, and say how to end one that has not.

    Raises:
        RunFolderError: There is no run, or it is unfinished, or its report is damaged.
    """
    if folder.name and not folder.exists() and RunFolder(folder).is_begun:
        raise RunFolderError(
            f"{folder}: holds an unfinished run; finish it with "
            f"`plurigrid-ff train --resume --out {folder}`, then export it"
        )
    read_run_config(folder)
    read_report(folder)
