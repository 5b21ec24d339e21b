"""One recording as numbers: PCM in a wav file, 8 or 16 bits."""

import io
import struct
import wave

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import DataError

MIN_RATE, MAX_RATE = 1000, 384_000
MAX_SECONDS = 600  # a recording has one label
SAVE = "save it as 16-bit PCM"
# What the wave module raises at content it does not expect.
DAMAGE = (wave.Error, EOFError, struct.error, ValueError, RuntimeError, OSError)


def decode_wav(content: bytes, *, where: str, rate: int) -> NDArray[np.float32]:
    """Decode a recording to samples in [-1, 1], channels averaged, at the given rate.

    Args:
        content: The file's bytes.
        where: Its name, for messages.
        rate: Samples per second of the result; another rate is resampled.

    Returns:
        Shape ``(samples,)``.

    Raises:
        DataError: Not such a wav file, damaged, truncated, or without a sample.
    """
    try:
        with wave.open(io.BytesIO(content)) as reader:
            form = reader.getparams()
            _check(form.sampwidth, form.framerate, form.nframes, where)
            needed = form.nframes * form.nchannels * form.sampwidth
            # A header may promise any number; the file holds no more than it holds.
            if needed > len(content):
                raise _truncated(where, needed, "fewer")
            raw = reader.readframes(form.nframes)
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise DataError(
            f"{where}: damaged or no wav file of PCM samples ({reason}); {SAVE}"
        ) from error
    if len(raw) != needed:
        raise _truncated(where, needed, str(len(raw)))
    return resample(_to_float(raw, form.sampwidth, form.nchannels), form.framerate, rate)


def resample(samples: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Change the sampling rate with a polyphase filter; the same rate changes nothing."""
    if rate == wanted:
        return samples
    from math import gcd

    from scipy.signal import resample_poly

    shared = gcd(rate, wanted)
    values = resample_poly(samples, wanted // shared, rate // shared)
    return np.ascontiguousarray(values, dtype=np.float32)


def _check(width: int, rate: int, frames: int, where: str) -> None:
    """Refuse by the header what cannot be decoded."""
    if width not in (1, 2):
        raise DataError(f"{where}: expected 8 or 16 bits per sample, got {8 * width}; {SAVE}")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise DataError(
            f"{where}: expected {MIN_RATE} to {MAX_RATE} samples per second, got {rate}; {SAVE}"
        )
    if frames > MAX_SECONDS * rate:
        raise DataError(
            f"{where}: expected at most {MAX_SECONDS} seconds, got {frames // rate}; cut it into "
            "shorter recordings"
        )
    if frames == 0:
        raise DataError(f"{where}: holds no samples; take it out")


def _to_float(raw: bytes, width: int, channels: int) -> NDArray[np.float32]:
    """Scale to [-1, 1] and average the channels; 8 bits are unsigned, 16 are not."""
    if width == 1:
        values = (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / np.float32(128)
    else:
        values = np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)
    if channels == 1:
        return values
    mixed: NDArray[np.float32] = values.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return mixed


def _truncated(where: str, needed: int, got: str) -> DataError:
    """Build the error for a file that ends too early."""
    return DataError(
        f"{where}: truncated: its header announces {needed} bytes of samples, got {got}; copy or "
        "record it again"
    )
