import os

import numpy as np
import pytest

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.class_folders import Place
from plurigrid_ff.data.fsdd import find_fsdd, place_by_name, read_fsdd
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.errors import DataError


@pytest.fixture
def recordings(to_wav, tmp_path, monkeypatch):
    """Three recordings of each digit; the first is one to test with."""
    pytest.importorskip("kaldi_native_fbank")
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    return {
        f"{digit}_jane_{index}.wav": to_wav(rng.integers(-99, 99, 800, np.int16))
        for digit in range(10)
        for index in (4, 5, 17)
    }


def test_a_folder_of_recordings_is_split_by_their_index(write_files, recordings):
    write_files(recordings, "recordings")

    source = read_fsdd(DataConfig())

    assert source.class_names == tuple("0123456789")
    assert source.test is not None
    assert (len(source.train.y), len(source.test.y)) == (20, 10)
    assert source.train.x.shape == (20, 32, 32)


def test_an_archive_of_the_folder_gives_the_same(tmp_path, write_files, to_tar, recordings):
    members = [(f"recordings/{name}", content) for name, content in recordings.items()]
    (tmp_path / "fsdd-wav.tar.xz").write_bytes(to_tar(members[::-1], "w:xz"))
    packed = read_fsdd(DataConfig())
    write_files(recordings, "recordings")

    plain = read_fsdd(DataConfig())

    np.testing.assert_array_equal(packed.train.x, plain.train.x)
    np.testing.assert_array_equal(packed.train.y, plain.train.y)


def test_the_index_decides_the_split():
    names = ["recordings/7_george_4.wav", "recordings/7_george_5.wav", "0_lucas_49.WAV"]

    places = place_by_name(names, "here")

    assert places == [Place("test", "7"), Place("train", "7"), Place("train", "0")]


@pytest.mark.parametrize("name", ["seven.wav", "7_george.wav", "77_george_1.wav", "7_a_b_1.wav"])
def test_a_recording_of_another_name_is_refused(name):
    with pytest.raises(DataError, match=r"here: expected DIGIT_SPEAKER_INDEX\.wav, got"):
        place_by_name([name], "here")


def test_a_missing_digit_is_noticed(write_files, recordings):
    write_files({name: value for name, value in recordings.items() if name[0] != "9"}, "recordings")

    with pytest.raises(DataError, match="expected recordings of ten digits"):
        read_fsdd(DataConfig())


def test_missing_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))

    with pytest.raises(DataError) as caught:
        read_fsdd(DataConfig())

    assert str(caught.value).startswith(f"fsdd: {tmp_path} holds none of recordings, ")
    assert "github.com/Jakobovski/free-spoken-digit-dataset" in str(caught.value)


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("PLURIGRID_FF_DATA") or find_fsdd() is None,
    reason="set PLURIGRID_FF_DATA to a folder with FSDD to run this",
)
def test_the_published_recordings_load_with_their_official_split():
    pytest.importorskip("kaldi_native_fbank")

    data = load_dataset(DataConfig(source="fsdd"), seed=0)

    assert data.feature_shape == (32, 32)
    assert len(data.train) + len(data.validation) == 2700
    assert np.bincount(data.test.y).tolist() == [30] * 10
