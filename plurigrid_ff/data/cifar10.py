"""CIFAR-10: 50,000 + 10,000 colour images of 32x32 pixels in ten classes.

Reference:
    Krizhevsky (2009), "Learning Multiple Layers of Features from Tiny Images".
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.class_folders import build_source, place_by_folder
from plurigrid_ff.data.decoding import decode_files
from plurigrid_ff.data.files import iterate_files, read_file
from plurigrid_ff.data.location import FOLDER_VARIABLE, data_folder, first_found
from plurigrid_ff.data.source import Samples, Source
from plurigrid_ff.data.tar import iterate_tar
from plurigrid_ff.errors import DataError

PUBLISHER = "www.cs.toronto.edu/~kriz/cifar.html"
BINARY = ("cifar-10-binary.tar.gz", "cifar-10-batches-bin")
IMAGES = ("cifar10", "cifar10.tar", "cifar10.tar.gz", "cifar10.tar.xz", "cifar10-jpeg75.tar.xz")
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SHAPE = (3, 32, 32)
TRAIN_BATCHES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_BATCH = "test_batch.bin"
TRAIN_SIZE, TEST_SIZE = 5000, 1000  # per class


def find_cifar10() -> Path | None:
    """Return the folder or archive in the data folder, the published one first."""
    return first_found(data_folder(), BINARY + IMAGES)


def lacks_cifar10() -> str:
    """Say where to get it, in which layouts, and where to put it."""
    return (
        f"{data_folder()} holds none of {', '.join(BINARY + IMAGES)}; download the binary version "
        f"from {PUBLISHER} into it, or set {FOLDER_VARIABLE} to a folder that has it (or its "
        "images as train/CLASS/FILE and test/CLASS/FILE)"
    )


def read_cifar10(config: DataConfig) -> Source:
    """Read CIFAR-10 from the data folder, and count what is there.

    Raises:
        DataError: Missing, damaged, or other classes, sizes or counts than published.
    """
    path = find_cifar10()
    if path is None:
        raise DataError(f"cifar10: {lacks_cifar10()}")
    if config.image_size not in (None, SHAPE[1]):
        raise DataError(
            f"cifar10: its images are 32x32, but data.image_size is {config.image_size}; leave it "
            "out, or give a folder of images as a path"
        )
    source = _read_binary(path) if path.name in BINARY else _read_images(path, config)
    _check(source)
    return source


def _read_images(path: Path, config: DataConfig) -> Source:
    """Read a copy as images; its title says if the copy lost something."""
    names, x = decode_files(iterate_files(path), config, where=str(path))
    source = build_source(place_by_folder(names, str(path)), x, where=str(path))
    lossy = any(name.lower().endswith((".jpg", ".jpeg")) for name in names)
    return replace(source, title="CIFAR-10 (JPEG)" if lossy else "CIFAR-10")


def _read_binary(path: Path) -> Source:
    """Read the published batches: a byte of label, then 3072 of pixels, per image."""
    wanted = {*TRAIN_BATCHES, TEST_BATCH}
    files: Iterable[tuple[str, bytes]]
    if path.is_dir():
        files = ((name, read_file(path / name)) for name in sorted(wanted))
    else:
        files = iterate_tar(path)
    batches = {}
    for name, content in files:
        base = name.rpartition("/")[2]
        if base in wanted:
            batches[base] = _parse_batch(content, f"{path}: {base}")
    if missing := sorted(wanted - batches.keys()):
        raise DataError(f"{path}: lacks {', '.join(missing)}; download it again from {PUBLISHER}")
    train = Samples(
        np.concatenate([batches[name].x for name in TRAIN_BATCHES]),
        np.concatenate([batches[name].y for name in TRAIN_BATCHES]),
    )
    return Source(str(path), train, batches[TEST_BATCH], CLASSES, "CIFAR-10")


def _parse_batch(content: bytes, where: str) -> Samples:
    """Part labels from pixels."""
    width = 1 + int(np.prod(SHAPE))
    if not content or len(content) % width:
        raise DataError(
            f"{where}: expected records of {width} bytes, got {len(content)} bytes; download it "
            f"again from {PUBLISHER}"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, width)
    if records[:, 0].max() >= len(CLASSES):
        raise DataError(
            f"{where}: expected labels 0 to 9, got {records[:, 0].max()}; download it again from "
            f"{PUBLISHER}"
        )
    return Samples(records[:, 1:].reshape(-1, *SHAPE), records[:, 0].astype(np.int64))


def _check(source: Source) -> None:
    """Require the published classes, size and counts.

    Raises:
        DataError: Which of them differs.
    """
    again = "give it as a path if it is another data set"
    if source.class_names != CLASSES:
        raise DataError(
            f"{source.where}: expected CIFAR-10's classes {', '.join(CLASSES)}, got "
            f"{', '.join(source.class_names)}; {again}"
        )
    for split, samples, size in (
        ("train", source.train, TRAIN_SIZE),
        ("test", source.test, TEST_SIZE),
    ):
        if samples is None:
            raise DataError(f"{source.where}: expected train/ and test/, got no split; {again}")
        counts = np.bincount(samples.y, minlength=len(CLASSES))
        if samples.x.shape[1:] != SHAPE or (counts != size).any():
            raise DataError(
                f"{source.where}: {split}: expected {size} images of shape {SHAPE} per class, got "
                f"{counts.min()} to {counts.max()} of shape {samples.x.shape[1:]}; {again}"
            )
