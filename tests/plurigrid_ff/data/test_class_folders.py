import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.class_folders import Place, place_by_folder, read_class_folders
from plurigrid_ff.errors import DataError


def read(path, **settings):
    return read_class_folders(path, DataConfig(**settings))


def places(*names):
    return place_by_folder(names, "here")


def test_folders_name_the_classes(write_files, pictures):
    source = read(write_files(pictures))

    assert source.class_names == ("cat", "dog")
    assert source.test is None
    assert source.train.x.shape == (8, 1, 4, 5)
    assert source.train.y.tolist() == [0] * 4 + [1] * 4
    assert source.train.x[4:].min() > source.train.x[:4].max()


def test_train_and_test_are_the_sources_own_split(write_files, pictures):
    files = {
        f"{'test' if name.endswith('0.png') else 'train'}/{name}": content
        for name, content in pictures.items()
    }

    source = read(write_files(files))

    assert source.train.y.tolist() == [0] * 3 + [1] * 3
    assert source.test is not None
    assert source.test.y.tolist() == [0, 1]


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:xz"])
@pytest.mark.parametrize("around", ["", "./", "pets/"])
def test_an_archive_gives_what_its_folder_gives(
    tmp_path, write_files, to_tar, pictures, mode, around
):
    path = tmp_path / "pets.tar"
    shuffled = sorted(pictures.items(), key=lambda item: item[0][::-1])
    path.write_bytes(to_tar([(around + name, content) for name, content in shuffled], mode))

    packed, plain = read(path), read(write_files(pictures))

    np.testing.assert_array_equal(packed.train.x, plain.train.x)
    np.testing.assert_array_equal(packed.train.y, plain.train.y)
    assert packed.class_names == plain.class_names


def test_recordings_are_read_in_the_same_way(write_files, tones):
    pytest.importorskip("kaldi_native_fbank")

    source = read(write_files(tones), mel_bands=16, frames=8)

    assert source.train.x.shape == (8, 16, 8)
    assert source.class_names == ("high", "low")
    loudest = source.train.x.mean(axis=2).argmax(axis=1)
    assert loudest[:4].min() > loudest[4:].max()


def test_numbered_classes_are_sorted_by_value(write_files, pictures):
    content = next(iter(pictures.values()))

    source = read(write_files({f"{label}/1.png": content for label in (10, 9, 2)}))

    assert source.class_names == ("2", "9", "10")


def test_classes_may_be_called_train_and_test():
    assert places("test/1.png", "train/1.png") == [Place(None, "test"), Place(None, "train")]


def test_one_folder_around_everything_is_left_out():
    assert places("a/train/x/1.png", "a/test/x/1.png") == [Place("train", "x"), Place("test", "x")]


@pytest.mark.parametrize(
    "names",
    [
        ["1.png"],
        ["a/1.png", "2.png"],
        ["a/1.png", "b/c/2.png"],
        ["train/a/1.png", "val/a/1.png"],
        ["train/a/1.png", "test/1.png"],
        ["a/b/c/d/1.png"],
    ],
)
def test_another_layout_is_refused_with_an_example(names):
    with pytest.raises(DataError, match=r"here: expected CLASS/FILE everywhere, or train/CLASS"):
        places(*names)


@pytest.mark.parametrize(("there", "missing"), [("train", "test"), ("test", "train")])
def test_half_a_split_is_refused(there, missing):
    with pytest.raises(DataError, match=f"got no {missing}/; name the folder inside"):
        places(f"{there}/a/1.png", f"{there}/b/1.png")


def test_a_test_class_without_training_is_refused(write_files, pictures):
    content = next(iter(pictures.values()))
    names = ["train/a/1.png", "train/b/1.png", "test/a/1.png", "test/z/1.png"]

    with pytest.raises(DataError, match="class 'z' has test samples, but none to train"):
        read(write_files(dict.fromkeys(names, content)))


def test_one_class_is_refused(write_files, pictures):
    with pytest.raises(DataError, match="at least two classes, got only 'cat'"):
        read(write_files({name: value for name, value in pictures.items() if "cat" in name}))


word = st.text("abtrainest.", min_size=1, max_size=5)


@given(st.lists(st.lists(word, min_size=1, max_size=5), min_size=1, max_size=6))
def test_any_names_are_placed_or_refused(parts):
    names = ["/".join(part) for part in parts]

    try:
        found = places(*names)
    except DataError:
        return

    assert len(found) == len(names)
    assert len({place.split is None for place in found}) == 1
    assert [name.split("/")[-2] for name in names] == [place.label for place in found]
