"""A finished run put to use: measure it again, or label new samples with it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from plurigrid_ff.config import DataConfig, Device, RunConfig, Settings
from plurigrid_ff.errors import DataError
from plurigrid_ff.files import written_beside
from plurigrid_ff.finished import find_network
from plurigrid_ff.host.folder import read_run_config
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.report.reading import read_report
from plurigrid_ff.results import Assessment
from plurigrid_ff.run_settings import join_plugins

if TYPE_CHECKING:
    from plurigrid_ff.data.dataset import Dataset
    from plurigrid_ff.learning.checkpoint import NetworkCard
    from plurigrid_ff.learning.network import FFNetwork


class Prediction(Settings):
    """One sample's label.

    Attributes:
        sample: Place in the input, from 0.
        file: The sample's own file, where it has one: an image or a recording.
        label: Name of the class of highest goodness.
        probability: Softmax of the summed goodness, for the label. Not calibrated.
    """

    sample: int
    file: str | None = None
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A finished run put to use.

    Attributes:
        config: Its settings.
        network: A network of it, on the CPU.
        card: What the network says of itself.
        data: The data it is used on.
        agent: Whose network it is; None for a single one.
    """

    config: RunConfig
    network: "FFNetwork"
    card: "NetworkCard"
    data: "Dataset"
    agent: str | None


def evaluate(
    folder: Path | str,
    *,
    data: DataConfig | None = None,
    agent: str | None = None,
    device: Device = "auto",
    max_samples: int | None = None,
    host: Host | None = None,
) -> Assessment:
    """Measure a finished run's network on a test split.

    Args:
        folder: The run folder.
        data: Another data set of the same shape and classes; None: the run's own.
        agent: Whose network, in a society; None: that with the best validation accuracy.
        device: Where to compute.
        max_samples: Refuse a data set of more; None: any number.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Raises:
        RunFolderError: No finished run lies there.
        CheckpointError: Its weights are damaged.
        DataError: The data does not fit the network, the run's own has changed, or there are
            too many samples.
    """
    import torch

    from plurigrid_ff.learning.assessment import assess
    from plurigrid_ff.learning.devices import resolve_device

    place = resolve_device(device)
    run = open_run(folder, data=data, agent=agent, host=host)
    require_few(run.data.num_samples, max_samples, where=run.data.name)
    assessment = assess(
        run.network.to(place),
        torch.from_numpy(run.data.test.x).to(place),
        torch.from_numpy(run.data.test.y).to(place),
        class_names=run.data.class_names,
        updates=run.card.updates,
        seed=run.config.seed,
    )
    return assessment.model_copy(update={"agent": run.agent})


def open_run(
    folder: Path | str,
    *,
    data: DataConfig | None = None,
    agent: str | None = None,
    host: Host | None = None,
) -> OpenedRun:
    """Read a finished run's network and the data it belongs to.

    Args:
        folder: The run folder.
        data: Another data set of the same shape and classes; None: the run's own.
        agent: Whose network, in a society; None: that with the best validation accuracy.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Raises:
        RunFolderError: No finished run lies there.
        CheckpointError: Its weights are damaged.
        DataError: The data does not fit the network, or the run's own has changed.
    """
    from plurigrid_ff.data.load import load_dataset
    from plurigrid_ff.learning.checkpoint import load_network

    folder = Path(folder)
    config = read_run_config(folder)
    report = read_report(folder)
    join_plugins(host or load_host())
    found = find_network(folder, config, agent)
    network, card = load_network(found.path)
    dataset = load_dataset(data or config.data, seed=config.seed).read_as(card.feature_shape)
    _require_fit(dataset, card)
    if data is None and dataset.digest != report.data_digest:
        raise DataError(
            f"{dataset.name}: has changed since {folder} was trained on it, so its test split may "
            "hold training samples; name it with --data to use it all the same"
        )
    return OpenedRun(config, network, card, dataset, found.agent)


def predict(
    folder: Path | str,
    samples: Path | str,
    *,
    label_column: str | None = None,
    agent: str | None = None,
    device: Device = "auto",
    max_samples: int | None = None,
    host: Host | None = None,
) -> list[Prediction]:
    """Label samples with a finished run's network.

    Args:
        folder: The run folder.
        samples: An .npz file (``x``), a .csv file, an idx file of images, an image, a .wav
            file, or a folder or tar of images or of .wav files, labelled in sorted order.
            Images and recordings are prepared as the run's settings say.
        label_column: CSV column to leave out.
        agent: Whose network, in a society; None: that with the best validation accuracy.
        device: Where to compute.
        max_samples: Refuse more; None: any number.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Raises:
        RunFolderError: No run lies there.
        CheckpointError: Its weights are damaged.
        DataError: The samples cannot be read, have another shape or are too many.
        MissingExtraError: Recordings need a library that is not installed.
    """
    import torch

    from plurigrid_ff.data.inputs import load_named
    from plurigrid_ff.learning.assessment import measure
    from plurigrid_ff.learning.checkpoint import load_network
    from plurigrid_ff.learning.devices import resolve_device

    folder = Path(folder)
    config = read_run_config(folder)
    join_plugins(host or load_host())
    network, card = load_network(find_network(folder, config, agent).path)
    place = resolve_device(device)
    inputs = load_named(
        Path(samples),
        feature_shape=card.feature_shape,
        label_column=label_column,
        data=config.data,
    )
    require_few(len(inputs.x), max_samples, where=str(samples))
    total = measure(network.to(place), torch.from_numpy(inputs.x).to(place)).total
    best = torch.softmax(total.double(), dim=1).max(dim=1)
    names = inputs.names or (None,) * len(inputs.x)
    found = zip(names, best.indices.tolist(), best.values.tolist(), strict=True)
    return [
        Prediction(sample=index, file=name, label=card.class_names[label], probability=value)
        for index, (name, label, value) in enumerate(found)
    ]


def data_like(folder: Path | str, source: str, *, label_column: str | None = None) -> DataConfig:
    """Name another data set, whose images and recordings are prepared as the run's were.

    Args:
        folder: The run folder.
        source: Name or path of the data set.
        label_column: CSV column that holds the labels; None: the run's own.

    Raises:
        RunFolderError: No run lies there.
    """
    update = {"source": source} | ({"label_column": label_column} if label_column else {})
    return read_run_config(Path(folder)).data.model_copy(update=update)


def write_csv(file: TextIO, predictions: Sequence[Prediction]) -> None:
    """Write one row per sample, with a column of files where samples have files."""
    writer = csv.writer(file, lineterminator="\n")
    named = any(item.file is not None for item in predictions)
    writer.writerow(("sample", *(["file"] if named else []), "label", "probability"))
    for item in predictions:
        name = [item.file] if named else []
        writer.writerow((item.sample, *name, item.label, f"{item.probability:.6f}"))


def write_predictions(predictions: Sequence[Prediction], path: Path) -> None:
    """Write predictions to a CSV file, whole or not at all."""
    with (
        written_beside(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        write_csv(file, predictions)


def require_few(samples: int, most: int | None, *, where: str) -> None:
    """Refuse more samples than a door allows.

    Raises:
        DataError: How many there are, and how many may be.
    """
    if most is not None and samples > most:
        raise DataError(f"{where}: holds {samples} samples, at most {most} are allowed; use fewer")


def _require_fit(dataset: "Dataset", card: "NetworkCard") -> None:
    """Require samples that the network can read and classes that it knows.

    Raises:
        DataError: Which of the two differs, expected and got.
    """
    if dataset.feature_shape != card.feature_shape:
        raise DataError(
            f"{dataset.name}: the network reads samples of shape {card.feature_shape}, got "
            f"{dataset.feature_shape}; it was trained on {card.data!r}"
        )
    if dataset.class_names != card.class_names:
        raise DataError(
            f"{dataset.name}: the network knows the classes {', '.join(card.class_names)}, got "
            f"{', '.join(dataset.class_names)}; it was trained on {card.data!r}"
        )
