import subprocess
import sys

import numpy as np
import pytest

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.errors import DataError, UnknownNameError


def load(source, *, seed=0, **settings):
    return load_dataset(DataConfig(source=str(source), **settings), seed=seed)


def test_the_digits_are_split_into_shares_of_the_whole():
    data = load("digits", test_fraction=0.25, validation_fraction=0.2)

    assert len(data.test) == pytest.approx(1797 * 0.25, abs=5)
    assert len(data.validation) == pytest.approx(1797 * 0.75 * 0.2, abs=5)
    assert len(data.train) + len(data.validation) + len(data.test) == 1797
    assert (data.name, data.feature_shape, data.num_classes) == ("digits", (8, 8), 10)


def test_every_split_has_the_promised_types(tmp_path, images):
    path = tmp_path / "a.npz"
    np.savez(path, **images)

    data = load(path)

    for part in (data.train, data.validation, data.test):
        assert (part.x.dtype, part.y.dtype) == (np.float32, np.int64)
        assert part.x.flags.c_contiguous
        assert part.x.flags.writeable
        assert len(part.x) == len(part.y)


def test_the_bytes_of_keras_mnist_are_scaled_and_keep_their_shape(tmp_path, images):
    path = tmp_path / "a.npz"
    np.savez(path, **images)

    data = load(path)

    assert data.feature_shape == (2, 3)
    np.testing.assert_array_equal(data.test.x, images["x_test"] / np.float32(255))


def test_a_folder_of_idx_files_needs_no_known_checksum(write_folder, images):
    data = load(write_folder(images))

    assert data.feature_shape == (2, 3)
    assert (len(data.train), len(data.validation), len(data.test)) == (3, 3, 3)


def test_a_csv_file_uses_the_configured_label_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("kind,a\n" + "cat,1\ndog,2\n" * 5)

    data = load(path, label_column="kind")

    assert data.class_names == ("cat", "dog")
    assert data.name == str(path)


def test_a_path_may_start_at_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "a.csv").write_text("a,label\n" + "1,x\n2,y\n" * 3)

    assert load("~/a.csv").class_names == ("x", "y")


def test_the_digest_is_a_function_of_content_and_split(tmp_path):
    text = "a,label\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(40))
    for name, content in [
        ("a.csv", text),
        ("b.csv", text),
        ("value.csv", text.replace("17,", "17.5,")),
        ("names.csv", text.replace("y", "z")),
    ]:
        (tmp_path / name).write_text(content)

    same = {load(tmp_path / name).digest for name in ("a.csv", "b.csv")}
    others = {
        load(tmp_path / "value.csv").digest,
        load(tmp_path / "names.csv").digest,
        load(tmp_path / "a.csv", seed=1).digest,
        load(tmp_path / "a.csv", test_fraction=0.3).digest,
    }

    assert len(same) == 1
    assert len(others) == 4
    assert not same & others


def test_the_digest_of_the_digits_is_the_same_on_every_machine():
    assert load("digits", seed=1).digest == "ef0c236a6da01acb114e682c51a5de86"


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown data set 'digit'; did you mean 'digits'"):
        load("digit")


@pytest.mark.parametrize("name", ["imagenet", ""])
def test_a_name_near_none_lists_names_and_formats(name):
    known = r"known: digits, mnist, cifar10, fsdd; or an \.npz file"
    with pytest.raises(UnknownNameError, match=known):
        load(name)


@pytest.mark.parametrize(
    "path", ["absent.npz", "no/such/folder", "./absent", "a\\b", "x" * 5000 + ".csv"]
)
def test_a_path_that_leads_nowhere_does_not_exist(path):
    with pytest.raises(DataError, match="does not exist"):
        load(path)


def test_a_file_of_another_format_lists_the_formats(tmp_path):
    path = tmp_path / "a.parquet"
    path.touch()

    with pytest.raises(DataError, match=r"expected an \.npz file.* ends in '\.parquet'"):
        load(path)


def test_a_column_of_measurements_taken_for_labels_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f"1,{i}.5\n" for i in range(9)))

    with pytest.raises(DataError, match=r"class '0\.5' needs at least 3 samples.*got 1"):
        load(path)


def test_a_folder_of_images_is_scaled_and_split(write_files, pictures):
    data = load(write_files(pictures), test_fraction=0.25)

    assert data.feature_shape == (1, 4, 5)
    assert (len(data.train), len(data.validation), len(data.test)) == (4, 2, 2)
    assert data.train.x.dtype == np.float32
    assert 0 <= data.train.x.min() < data.train.x.max() <= 1


def test_a_folder_and_its_archive_have_one_digest(tmp_path, write_files, to_tar, pictures):
    path = tmp_path / "pets.tgz"
    path.write_bytes(to_tar(list(pictures.items())[::-1], "w:gz"))

    assert load(path).digest == load(write_files(pictures)).digest


def test_images_of_two_sizes_are_resized_on_demand(write_files, pictures, to_image):
    odd = to_image(np.zeros((9, 7), np.uint8))
    folder = write_files({**pictures, "cat/odd.png": odd})

    with pytest.raises(DataError, match=r"'cat/0\.png' is 5x4 and 'cat/odd\.png' is 7x9"):
        load(folder)
    assert load(folder, image_size=8).feature_shape == (1, 8, 8)


def test_a_folder_of_recordings_becomes_features(write_files, tones):
    pytest.importorskip("kaldi_native_fbank")

    assert load(write_files(tones), mel_bands=20, frames=9).feature_shape == (20, 9)


def test_an_empty_folder_says_what_may_be_in_it(tmp_path):
    with pytest.raises(DataError, match=r"four idx files, or images or \.wav files in one folder"):
        load(tmp_path)


def test_a_folder_of_idx_files_and_images_is_refused(write_folder, images, pictures):
    folder = write_folder(images)
    (folder / "cat").mkdir()
    (folder / "cat" / "1.png").write_bytes(pictures["cat/0.png"])

    with pytest.raises(DataError, match="holds idx files, t10k-images-idx3-ubyte for one, and ima"):
        load(folder)


def test_a_folder_with_some_of_the_idx_files_lists_the_others(write_folder, images):
    del images["y_test"]

    with pytest.raises(DataError, match="missing t10k-labels-idx1-ubyte"):
        load(write_folder(images))


def test_an_image_is_no_data_set(write_files, pictures):
    with pytest.raises(DataError, match=r"got a file that ends in '\.png'"):
        load(write_files(pictures) / "cat" / "0.png")


def test_importing_the_data_module_loads_no_heavy_library():
    heavy = {"torch", "sklearn", "platformdirs", "PIL", "scipy", "kaldi_native_fbank"}
    code = (
        "import sys, plurigrid_ff.data.load, plurigrid_ff.data.found\n"
        f"print(*({heavy!r} & set(sys.modules)))"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == ""
