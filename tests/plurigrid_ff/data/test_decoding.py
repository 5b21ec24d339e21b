import warnings

import numpy as np
import pytest

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data import decoding
from plurigrid_ff.data.decoding import decode_files
from plurigrid_ff.errors import DataError


def decode(files, **settings):
    return decode_files(files, DataConfig(**settings), where="here")


@pytest.fixture
def grey(to_image):
    return to_image(np.array([[1, 2]], np.uint8))


@pytest.fixture
def colour(to_image):
    return to_image(np.array([[[3, 4, 5], [6, 7, 8]]], np.uint8))


def test_samples_are_sorted_by_name_whatever_their_order(to_image):
    files = [
        (name, to_image(np.full((1, 2), ord(name[0]), np.uint8)))
        for name in ("b.png", "a.png", "c.png")
    ]

    names, x = decode(files)

    assert names == ["a.png", "b.png", "c.png"]
    assert x[:, 0, 0, 0].tolist() == [97, 98, 99]
    assert (x.shape, x.dtype) == ((3, 1, 1, 2), np.uint8)


@pytest.mark.parametrize("first", ["grey", "colour"])
def test_greyscale_among_colour_gets_three_equal_channels(grey, colour, first):
    files = [("a.png", grey), ("b.png", colour)]

    _, x = decode(files if first == "grey" else files[::-1])

    assert x[0].tolist() == [[[1, 2]]] * 3
    assert x[1].tolist() == [[[3, 6]], [[4, 7]], [[5, 8]]]


def test_two_sizes_name_two_files_and_the_option_that_helps(grey, to_image):
    other = to_image(np.zeros((3, 4), np.uint8))

    with pytest.raises(DataError) as caught:
        decode([("a/1.png", grey), ("b/7.png", other)])

    message = str(caught.value)
    assert "'a/1.png' is 2x1 and 'b/7.png' is 4x3" in message
    assert "data.image_size = 1" in message


def test_the_option_brings_all_images_to_one_size(grey, to_image):
    other = to_image(np.zeros((3, 4), np.uint8))

    _, x = decode([("a/1.png", grey), ("b/7.png", other)], image_size=6)

    assert x.shape == (2, 1, 6, 6)


def test_images_and_recordings_do_not_mix(grey, to_wav):
    recording = to_wav(np.zeros(800, np.int16))

    with pytest.raises(DataError, match=r"got both: 'a\.png' and 'b\.wav'"):
        decode([("a.png", grey), ("b.wav", recording)])


def test_recordings_have_the_configured_shape(to_wav):
    pytest.importorskip("kaldi_native_fbank")
    files = [(f"{i}.wav", to_wav(np.zeros(400 * (i + 1), np.int16))) for i in range(2)]

    _, x = decode(files, mel_bands=12, frames=7)

    assert (x.shape, x.dtype) == ((2, 12, 7), np.float32)


def test_recordings_of_another_rate_are_resampled(to_wav):
    pytest.importorskip("kaldi_native_fbank")
    noise = np.random.default_rng(0).normal(0, 3000, 8000)
    slow = to_wav(noise.astype(np.int16))
    twice = np.interp(np.arange(16_000) / 2, np.arange(8000), noise)
    fast = to_wav(twice.astype(np.int16), rate=16_000)

    _, x = decode([("a.wav", slow), ("b.wav", fast)])

    assert np.corrcoef(x[0, :20].ravel(), x[1, :20].ravel())[0, 1] > 0.95


def test_a_damaged_file_is_named_with_its_place(grey):
    with pytest.raises(DataError, match=r"^here: a/2\.png: damaged or no image"):
        decode([("a/1.png", grey), ("a/2.png", grey[:40])])


def test_no_samples_are_refused():
    with pytest.raises(DataError, match=r"here: holds no images and no \.wav files"):
        decode([])


def test_what_decodes_to_too_much_is_refused(grey, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_BYTES", 5)

    with pytest.raises(DataError, match="decodes to more than 5 bytes"):
        decode([(f"{i}.png", grey) for i in range(3)])


def test_filters_of_warnings_are_left_as_they_were(grey):
    before = list(warnings.filters)

    decode([("a.png", grey)])

    assert warnings.filters == before
