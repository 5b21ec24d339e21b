import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plurigrid_ff.data.wav import decode_wav, resample
from plurigrid_ff.errors import DataError

SAMPLES = np.array([0, 16384, -32768, 32767], dtype=np.int16)


def decode(content, rate=8000):
    return decode_wav(content, where="a.wav", rate=rate)


def test_sixteen_bits_are_scaled_to_one(to_wav):
    values = decode(to_wav(SAMPLES))

    assert values.dtype == np.float32
    assert values.tolist() == [0, 0.5, -1, 32767 / 32768]


def test_eight_bits_are_unsigned(to_wav):
    assert decode(to_wav(np.array([128, 192, 0], np.uint8))).tolist() == [0, 0.5, -1]


def test_channels_are_averaged(to_wav):
    stereo = np.array([[16384, 0], [-16384, 16384]], dtype=np.int16)

    assert decode(to_wav(stereo)).tolist() == [0.25, 0]


def test_an_odd_chunk_before_the_samples_is_passed_over(to_wav):
    content = to_wav(SAMPLES)
    content = content[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + content[36:]
    content = content[:4] + struct.pack("<I", len(content) - 8) + content[8:]

    assert len(decode(content)) == 4


@pytest.mark.parametrize(("rate", "wanted"), [(16_000, 8000), (44_100, 8000), (8000, 16_000)])
def test_another_rate_keeps_pitch_and_length(to_wav, rate, wanted):
    time = np.arange(rate) / rate
    tone = (20_000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)

    values = decode(to_wav(tone, rate=rate), rate=wanted)

    assert len(values) == wanted
    assert values.dtype == np.float32
    assert int(np.abs(np.fft.rfft(values)).argmax()) == 440
    assert np.abs(values).max() == pytest.approx(20_000 / 32768, rel=0.05)


def test_the_same_rate_changes_nothing():
    values = np.ones(3, np.float32)

    assert resample(values, 8000, 8000) is values


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_other_widths_are_refused(to_wav, dtype):
    with pytest.raises(DataError, match="expected 8 or 16 bits per sample, got .*16-bit PCM"):
        decode(to_wav(SAMPLES.astype(dtype)))


def test_floats_and_packed_samples_are_refused(to_wav):
    with pytest.raises(DataError, match=r"no wav file of PCM samples \(unknown format: 3\)"):
        decode(to_wav(SAMPLES.astype(np.float32), form=3))


@pytest.mark.parametrize("rate", [0, 999, 400_000])
def test_rates_that_no_recorder_has_are_refused(to_wav, rate):
    with pytest.raises(DataError, match=f"1000 to 384000 samples per second, got {rate}"):
        decode(to_wav(SAMPLES, rate=rate))


def test_a_recording_of_hours_is_refused(to_wav):
    with pytest.raises(DataError, match="expected at most 600 seconds, got 601"):
        decode(to_wav(np.zeros(601_000, np.uint8), rate=1000))


def test_a_recording_without_samples_is_refused(to_wav):
    with pytest.raises(DataError, match="holds no samples"):
        decode(to_wav(SAMPLES[:0]))


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_a_truncated_recording_is_refused(to_wav, cut):
    with pytest.raises(DataError, match=r"a\.wav: (truncated|damaged)"):
        decode(to_wav(SAMPLES)[:-cut])


@pytest.mark.parametrize("content", [b"", b"RIFF", b"text" * 20, b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_wav_file_is_refused(content):
    with pytest.raises(DataError, match=r"^a\.wav: damaged or no wav file"):
        decode(content)


@given(
    samples=hnp.arrays(
        st.sampled_from([np.dtype(np.uint8), np.dtype("<i2")]),
        st.tuples(st.integers(1, 50), st.integers(1, 3)),
    )
)
def test_any_pcm_reads_back_as_the_mean_of_its_channels(to_wav, samples):
    zero, scale = (128, 128) if samples.dtype == np.uint8 else (0, 32768)

    expected = ((samples.astype(np.float64) - zero) / scale).mean(axis=1)

    np.testing.assert_allclose(decode(to_wav(samples)), expected, atol=1e-6)


@given(content=st.binary(max_size=120), start=st.sampled_from([b"", b"RIFF\xff\0\0\0WAVEfmt "]))
def test_random_bytes_raise_nothing_but_a_data_error(content, start):
    with pytest.raises(DataError):
        decode(start + content)


@given(
    changes=st.lists(st.tuples(st.integers(0, 51), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 52),
)
def test_changed_bytes_raise_nothing_but_a_data_error(to_wav, changes, cut):
    content = bytearray(to_wav(SAMPLES))
    for place, value in changes:
        content[place] = value

    with suppress(DataError):
        values = decode(bytes(content[: len(content) - cut]))
        assert np.abs(values).max() <= 2  # a resampling filter overshoots
