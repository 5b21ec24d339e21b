"""A finished run's network as C that predicts, and learns, on a device."""

from pathlib import Path
from typing import TYPE_CHECKING

from plurigrid_ff.config import DataConfig
from plurigrid_ff.errors import ExportError
from plurigrid_ff.exports import require_finished, require_outside
from plurigrid_ff.files import folder_written_beside
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.inference import OpenedRun, open_run
from plurigrid_ff.onchip.budget import require_budget
from plurigrid_ff.onchip.checks import check_folder
from plurigrid_ff.onchip.folder import MODEL_FILE, folder_files, foreign_file
from plurigrid_ff.onchip.forward import predict
from plurigrid_ff.onchip.learning_rule import require_integer_learning
from plurigrid_ff.onchip.quantise import (
    TRAINED_HALVINGS,
    Quantised,
    quantise,
    require_integer_form,
)
from plurigrid_ff.results import BuildCheck, CExportReport, DeviceMemory, ExportedFile
from plurigrid_ff.society_config import ALONE

if TYPE_CHECKING:
    from plurigrid_ff.learning.network import FFNetwork

FORMAT = "c"
BATCH_SIZE = 1000


def export_c(
    folder: Path | str,
    out: Path | str,
    *,
    learns: bool = False,
    untrained: bool = False,
    halvings: int | None = None,
    ram_kb: int | None = None,
    flash_kb: int | None = None,
    data: DataConfig | None = None,
    agent: str | None = None,
    overwrite: bool = False,
    check: bool = True,
    host: Host | None = None,
) -> CExportReport:
    """Write a finished run's network as a folder of C99: no heap, no float, no library.

    Args:
        folder: The run folder.
        out: The folder to write.
        learns: Whether the device goes on learning; the weights then lie in RAM as well.
        untrained: Start from the run's initial weights, so that all is learned on the device.
        halvings: How often the step size is halved before the first step; None: never for an
            untrained network, ``TRAINED_HALVINGS`` times for a trained one.
        ram_kb: KiB of RAM the device has, stack included; None: no limit.
        flash_kb: KiB of flash it has; None: no limit.
        data: Another data set to choose scales on and to measure with; None: the run's own.
        agent: Whose network, in a society; None: that with the best validation accuracy.
        overwrite: Replace an exported folder, once the new one is whole.
        check: Build it with the compilers there are, run it, and measure it.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Returns:
        What was written, what it takes, and how exact it is.

    Raises:
        ExportError: ``out`` is taken, cannot be written, or lies in the run folder.
        QuantisationError: A network without an integer form, or over the budget.
        RunFolderError: No finished run lies there.
        CheckpointError: Its weights are damaged.
        DataError: The data does not fit the network, or the run's own has changed.
    """
    folder, out = Path(folder), Path(out)
    require_outside(out, folder)
    _require_free(out, overwrite=overwrite)
    require_finished(folder)
    run = open_run(folder, data=data, agent=agent, host=host)
    require_integer_form(run.network)
    if learns:
        require_integer_learning(run.network.config)
    network = _initial(run) if untrained else run.network
    if halvings is None:
        halvings = 0 if untrained else TRAINED_HALVINGS
    quantised = quantise(network, run.data.train.x, seed=run.config.seed, halvings=halvings)
    memory = require_budget(quantised.network, learns=learns, ram_kb=ram_kb, flash_kb=flash_kb)
    files = folder_files(
        quantised.network,
        quantised.scaling,
        quantised.scaling.apply(run.data.test.x[:BATCH_SIZE]),
        run.data.test.y[:BATCH_SIZE],
        learns=learns,
        memory=memory,
        class_names=run.data.class_names,
    )
    checks: tuple[BuildCheck, ...] = ()
    try:
        with folder_written_beside(out) as partial:
            for name, text in files.items():
                (partial / name).parent.mkdir(exist_ok=True)
                (partial / name).write_text(text, "utf-8")
            if check:
                checks = check_folder(partial, memory)
    except OSError as error:
        raise ExportError(
            f"{out}: cannot be written: {error.strerror or error}; what was there is untouched: "
            "put that right, or choose another --out"
        ) from error
    return _report(run, network, quantised, memory, files, checks, out, learns, untrained)


def _require_free(out: Path, *, overwrite: bool) -> None:
    """Refuse to lose anything but an exported folder that may be replaced.

    Raises:
        ExportError: Something lies there.
    """
    if not out.exists():
        return
    if not (out / MODEL_FILE).is_file():
        raise ExportError(
            f"{out}: exists and is not an exported folder, so it is left alone; choose another "
            "--out"
        )
    if not overwrite:
        raise ExportError(
            f"{out}: holds an exported network; choose another --out, or --overwrite to replace "
            "it once the new one is complete"
        )
    # A project that a model was copied into looks much like an exported folder.
    foreign = foreign_file(out)
    if foreign is not None:
        raise ExportError(
            f"{out}: holds {foreign!r}, which no export wrote, so it is left alone; move that "
            "away, or choose another --out"
        )


def _initial(run: OpenedRun) -> "FFNetwork":
    """Return the network as it was before the run trained it."""
    from plurigrid_ff.learning.network import FFNetwork

    network = FFNetwork(
        run.card.network,
        run.card.feature_shape,
        len(run.card.class_names),
        seed=run.config.seed,
        role=run.config.society.whose_start(run.agent or ALONE),
    )
    if run.card.network.scaling == "standard":
        for name in ("input_mean", "input_deviation"):
            network.get_buffer(name).copy_(run.network.get_buffer(name))
    return network


def _accuracies(run: OpenedRun, network: "FFNetwork", quantised: Quantised) -> tuple[float, float]:
    """Measure a network on the test split, before and after rounding to integers."""
    import torch

    x, y = run.data.test.x, run.data.test.y
    right_float = right_integer = 0
    for start in range(0, len(y), BATCH_SIZE):
        part, labels = x[start : start + BATCH_SIZE], y[start : start + BATCH_SIZE]
        labelled = network.predict(torch.from_numpy(part)).numpy()
        right_float += int((labelled == labels).sum())
        computed = predict(quantised.network, quantised.scaling.apply(part))
        right_integer += int((computed == labels).sum())
    return right_float / len(y), right_integer / len(y)


def _report(
    run: OpenedRun,
    network: "FFNetwork",
    quantised: Quantised,
    memory: DeviceMemory,
    files: dict[str, str],
    checks: tuple[BuildCheck, ...],
    out: Path,
    learns: bool,
    untrained: bool,
) -> CExportReport:
    """Put together what was written and what it is worth."""
    float_accuracy, integer_accuracy = _accuracies(run, network, quantised)
    return CExportReport(
        format=FORMAT,
        out=str(out),
        files=tuple(ExportedFile(name=n, bytes=len(t.encode())) for n, t in files.items()),
        feature_shape=run.card.feature_shape,
        class_names=run.card.class_names,
        data=run.card.data,
        agent=run.agent,
        objective=run.card.network.objective,
        parameters=run.network.num_parameters,
        learns=learns,
        untrained=untrained,
        memory=memory,
        float_accuracy=float_accuracy,
        integer_accuracy=integer_accuracy,
        clipped_weights=quantised.clipped_weights,
        saturated_activities=quantised.clipped_activities,
        checks=checks,
    )
