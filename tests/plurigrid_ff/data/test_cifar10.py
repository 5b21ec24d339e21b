import os

import numpy as np
import pytest

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data import cifar10
from plurigrid_ff.data.cifar10 import CLASSES, read_cifar10
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.errors import DataError


@pytest.fixture(autouse=True)
def few(request, monkeypatch, tmp_path):
    """Pretend that CIFAR-10 has two training images and one test image per class."""
    if "slow" in request.keywords:  # the real one
        return
    monkeypatch.setattr(cifar10, "TRAIN_SIZE", 2)
    monkeypatch.setattr(cifar10, "TEST_SIZE", 1)
    monkeypatch.setattr(cifar10, "TRAIN_BATCHES", ("data_batch_1.bin", "data_batch_2.bin"))
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))


@pytest.fixture
def copy(to_image):
    """Build such a copy as files."""

    def build(suffix="png", form="PNG", side=32):
        return {
            f"{split}/{name}/{index}.{suffix}": to_image(
                np.full((side, side, 3), 20 * label, np.uint8), form
            )
            for split, count in (("train", 2), ("test", 1))
            for label, name in enumerate(CLASSES)
            for index in range(count)
        }

    return build


@pytest.fixture
def batches():
    """Build such batches as they are published."""
    pixels = np.arange(3072) % 256
    rows = np.stack([np.concatenate([[label], (pixels + label) % 256]) for label in range(10)])
    content = rows.astype(np.uint8).tobytes()
    names = ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")
    return {f"cifar-10-batches-bin/{name}": content for name in names}


def test_a_folder_of_images_is_read(write_files, copy):
    write_files(copy(), "cifar10")

    source = read_cifar10(DataConfig())

    assert source.class_names == CLASSES
    assert source.train.x.shape == (20, 3, 32, 32)
    assert source.test is not None
    assert source.test.x[:, 0, 0, 0].tolist() == [20 * label for label in range(10)]
    assert source.title == "CIFAR-10"


def test_a_jpeg_copy_is_called_one_in_reports(tmp_path, to_tar, copy):
    (tmp_path / "cifar10-jpeg75.tar.xz").write_bytes(to_tar(copy("jpg", "JPEG").items(), "w:xz"))

    data = load_dataset(DataConfig(source="cifar10", validation_fraction=0.5), seed=0)

    assert data.name == "CIFAR-10 (JPEG)"


@pytest.mark.parametrize("packed", [False, True])
def test_the_published_batches_are_read(tmp_path, write_files, to_tar, batches, packed):
    if packed:
        members = [*batches.items(), ("cifar-10-batches-bin/readme.html", b"x")]
        (tmp_path / "cifar-10-binary.tar.gz").write_bytes(to_tar(members, "w:gz"))
    else:
        flat = {name.partition("/")[2]: content for name, content in batches.items()}
        write_files(flat, "cifar-10-batches-bin")

    source = read_cifar10(DataConfig())

    assert source.train.y.tolist() == [*range(10), *range(10)]
    assert source.train.x[3, :, 0, 0].tolist() == [3, 3, 3]  # a colour after the other
    assert source.train.x[3, 0, 0, :3].tolist() == [3, 4, 5]
    assert source.title == "CIFAR-10"


def test_missing_says_what_is_read_and_where_it_is_published(tmp_path):
    with pytest.raises(DataError) as caught:
        read_cifar10(DataConfig())

    message = str(caught.value)
    assert message.startswith(f"cifar10: {tmp_path} holds none of cifar-10-binary.tar.gz")
    assert "cs.toronto.edu/~kriz/cifar.html" in message
    assert "train/CLASS/FILE and test/CLASS/FILE" in message
    assert "set PLURIGRID_FF_DATA" in message


def test_another_image_size_is_refused(write_files, copy):
    write_files(copy(), "cifar10")

    with pytest.raises(DataError, match=r"images are 32x32, but data\.image_size is 16"):
        read_cifar10(DataConfig(image_size=16))


def test_images_of_another_size_are_not_cifar10(write_files, copy):
    write_files(copy(side=16), "cifar10")

    with pytest.raises(DataError, match=r"2 to 2 of shape \(3, 16, 16\)"):
        read_cifar10(DataConfig())


def test_a_missing_image_is_counted(write_files, copy):
    files = copy()
    del files["train/frog/1.png"]
    write_files(files, "cifar10")

    with pytest.raises(DataError, match="train: expected 2 images .* got 1 to 2"):
        read_cifar10(DataConfig())


def test_other_classes_are_not_cifar10(write_files, copy):
    write_files({name.replace("frog", "toad"): value for name, value in copy().items()}, "cifar10")

    with pytest.raises(DataError, match=r"expected CIFAR-10's classes .* got .*toad"):
        read_cifar10(DataConfig())


def test_a_copy_without_a_split_is_refused(write_files, copy):
    files = {name[6:]: value for name, value in copy().items() if name.startswith("train/")}
    write_files(files, "cifar10")

    with pytest.raises(DataError, match="expected train/ and test/, got no split"):
        read_cifar10(DataConfig())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-1], "expected records of 3073 bytes, got 30729 bytes"),
        (lambda content: b"", "expected records of 3073 bytes, got 0 bytes"),
        (lambda content: b"\x0a" + content[1:], "expected labels 0 to 9, got 10"),
        (None, "lacks data_batch_2.bin"),
    ],
)
def test_damaged_batches_are_refused(tmp_path, to_tar, batches, change, message):
    name = "cifar-10-batches-bin/data_batch_2.bin"
    if change is None:
        del batches[name]
    else:
        batches[name] = change(batches[name])
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(to_tar(batches.items(), "w:gz"))

    with pytest.raises(DataError, match=message):
        read_cifar10(DataConfig())


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("PLURIGRID_FF_DATA") or cifar10.find_cifar10() is None,
    reason="set PLURIGRID_FF_DATA to a folder with CIFAR-10 to run this",
)
def test_a_whole_copy_loads_with_its_official_split():
    data = load_dataset(DataConfig(source="cifar10"), seed=0)

    assert data.train.x.shape == (45_000, 3, 32, 32)
    assert data.test.x.shape == (10_000, 3, 32, 32)
    assert (data.train.x.min(), data.train.x.max()) == (0.0, 1.0)
