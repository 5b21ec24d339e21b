import os
from hashlib import sha256
from pathlib import Path

import pytest

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data import mnist
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.data.mnist import read_mnist
from plurigrid_ff.errors import DataError


def test_missing_files_say_where_to_get_them_and_where_to_put_them(tmp_path, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))

    with pytest.raises(DataError) as caught:
        read_mnist()

    message = str(caught.value)
    assert f"{tmp_path} lacks train-images-idx3-ubyte" in message
    assert "yann.lecun.com/exdb/mnist" in message
    assert "set PLURIGRID_FF_DATA" in message


def test_other_files_under_the_known_names_are_refused(write_folder, images, monkeypatch):
    folder = write_folder(images)
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(folder))
    labels = folder / "train-labels-idx1-ubyte"

    with pytest.raises(DataError) as caught:
        read_mnist()

    message = str(caught.value)
    assert message.startswith(f"{labels}: expected MNIST's SHA-256 65a50cbb")
    assert f"got {sha256(labels.read_bytes()).hexdigest()}" in message
    assert "download it again" in message
    assert "give the folder as a path" in message


def test_files_with_the_known_checksums_are_read(write_folder, images, monkeypatch):
    folder = write_folder(images, packed=True)
    plain = write_folder(images)
    known = {path.name: sha256(path.read_bytes()).hexdigest() for path in plain.glob("*ubyte")}
    monkeypatch.setattr(mnist, "CHECKSUMS", known)
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(folder))
    for path in plain.glob("*ubyte"):
        path.unlink()

    assert len(read_mnist().train.y) == 6


needs_mnist = pytest.mark.skipif(
    not os.environ.get("PLURIGRID_FF_DATA"),
    reason="set PLURIGRID_FF_DATA to a folder with MNIST's four files to run this",
)


@needs_mnist
def test_the_published_files_load_with_their_official_split():
    data = load_dataset(DataConfig(source="mnist"), seed=0)

    assert data.train.x.shape == (54000, 28, 28)
    assert data.validation.x.shape == (6000, 28, 28)
    assert data.test.x.shape == (10000, 28, 28)
    assert data.class_names == tuple("0123456789")
    assert data.test.y[:5].tolist() == [7, 2, 1, 0, 4]
    assert (data.train.x.min(), data.train.x.max()) == (0.0, 1.0)


@needs_mnist
def test_a_flipped_pixel_of_the_published_files_is_noticed(tmp_path, monkeypatch):
    import gzip

    original = Path(os.environ["PLURIGRID_FF_DATA"])
    name = "t10k-images-idx3-ubyte"
    for other in set(mnist.CHECKSUMS) - {name}:
        (tmp_path / f"{other}.gz").symlink_to(original / f"{other}.gz")
    content = bytearray(gzip.decompress((original / f"{name}.gz").read_bytes()))
    content[1000] ^= 1
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))

    with pytest.raises(DataError, match=f"{name}: expected MNIST's SHA-256"):
        read_mnist()
