import sys

import numpy as np
import pytest

from plurigrid_ff.data.mel import log_mel
from plurigrid_ff.errors import ConfigError, DataError, MissingExtraError

pytest.importorskip("kaldi_native_fbank")

RATE = 8000


def tone(pitch, seconds=0.5, rate=RATE):
    time = np.arange(int(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def features(samples, *, bands=24, frames=16, rate=RATE):
    return log_mel(samples, where="a.wav", rate=rate, bands=bands, frames=frames)


def mel(hertz):
    return 1127 * np.log1p(hertz / 700)


def reference(samples, bands):
    """Write the definition out: frames, window, spectrum, triangles, logarithm."""
    width, shift, size = 200, 80, 256
    count = (len(samples) + shift // 2) // shift
    padded = np.pad(samples.astype(np.float64), 400, mode="symmetric")
    edges = mel(20) + np.arange(bands + 2) * (mel(RATE / 2) - mel(20)) / (bands + 1)
    place = mel(np.arange(size // 2 + 1) * RATE / size)
    rise = (place - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - place) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.clip(np.minimum(rise, fall), 0, None)
    window = np.power(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / (width - 1)), 0.85)
    columns = []
    for index in range(count):
        start = 400 + index * shift + shift // 2 - width // 2
        frame = padded[start : start + width]
        frame = frame - frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        power = np.abs(np.fft.rfft(frame * window, size)) ** 2
        columns.append(np.log(np.maximum(filters @ power, np.finfo(np.float32).eps)))
    return np.stack(columns, axis=1)


def test_the_filter_bank_is_the_written_out_one():
    samples = np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)
    expected = reference(samples, 24)
    expected = (expected - expected.mean()) / expected.std()

    result = features(samples, frames=expected.shape[1])

    np.testing.assert_allclose(result, expected, atol=2e-3)


@pytest.mark.parametrize("seconds", [0.03, 0.5, 3.0])
def test_every_length_gives_the_same_shape(seconds):
    result = features(tone(500, seconds), bands=20, frames=12)

    assert result.shape == (20, 12)
    assert result.dtype == np.float32


@pytest.mark.parametrize("pitch", [300, 1000, 3000])
def test_a_tone_is_loudest_in_its_own_band(pitch):
    centres = mel(20) + np.arange(1, 25) * (mel(RATE / 2) - mel(20)) / 25

    loudest = features(tone(pitch))[:, 2:-2].mean(axis=1).argmax()

    assert abs(centres[loudest] - mel(pitch)) <= centres[1] - centres[0]


def test_loudness_counts_for_nothing():
    samples = np.random.default_rng(1).normal(0, 0.1, 4000).astype(np.float32)

    np.testing.assert_allclose(features(samples), features(samples / 4), atol=1e-3)


def test_the_result_is_the_same_every_time():
    samples = np.random.default_rng(2).normal(0, 0.01, 4000).astype(np.float32)

    np.testing.assert_array_equal(features(samples), features(samples))


def test_mean_and_variance_are_those_of_a_standard():
    result = features(tone(700))

    assert result.mean() == pytest.approx(0, abs=0.2)
    assert result.std() == pytest.approx(1, abs=0.2)


def test_silence_is_zero():
    assert not features(np.zeros(4000, np.float32)).any()


def test_half_as_many_frames_are_every_other_one():
    samples = np.random.default_rng(3).normal(0, 0.1, 8000).astype(np.float32)
    fine = features(samples, frames=101)
    coarse = features(samples, frames=51)

    assert np.corrcoef(fine[:, ::2].ravel(), coarse.ravel())[0, 1] > 0.999


def test_less_than_one_frame_is_refused():
    with pytest.raises(DataError, match=r"a\.wav: expected at least 25 ms, got 12\.5 ms"):
        features(np.zeros(100, np.float32))


def test_more_bands_than_frequencies_are_refused():
    with pytest.raises(ConfigError, match=r"data\.mel_bands: 128 are too many at 8000"):
        features(tone(500), bands=128)


def test_without_the_library_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "kaldi_native_fbank", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'plurigrid-ff\[audio\]'"):
        features(tone(500))
