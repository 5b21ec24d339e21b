"""Log-mel features of a recording, always of the same shape.

Frames of 25 ms every 10 ms; Kaldi's triangular filters on the mel scale from 20 Hz to half
the rate; the logarithm. Time is then stretched or compressed linearly to a fixed number of
frames: on samples held out from FSDD's training recordings that told digits apart slightly
better than padding and cropping. Each recording is brought to mean 0 and variance 1, so
that loudness counts for nothing.

Reference:
    Davis & Mermelstein (1980), "Comparison of Parametric Representations for Monosyllabic
    Word Recognition".
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import ConfigError, DataError, MissingExtraError


def log_mel(
    samples: NDArray[np.float32], *, where: str, rate: int, bands: int, frames: int
) -> NDArray[np.float32]:
    """Return the features of one recording, shape ``(bands, frames)``.

    Args:
        samples: Shape ``(samples,)``, in [-1, 1]. At this scale the logarithm's floor lies
            where rounding to 16 bits does.
        where: The recording's name, for messages.
        rate: Samples per second.
        bands: Number of filters.
        frames: Number of frames.

    Raises:
        ConfigError: More filters than frequencies to tell apart.
        DataError: Shorter than one frame of 25 ms.
        MissingExtraError: kaldi-native-fbank is not installed.
    """
    if 1000 * len(samples) < 25 * rate:
        raise DataError(
            f"{where}: expected at least 25 ms, got {1000 * len(samples) / rate:.1f} ms; take it "
            "out"
        )
    return _standardise(_stretch(_filter(samples, rate, bands), frames))


def _filter(samples: NDArray[np.float32], rate: int, bands: int) -> NDArray[np.float32]:
    """Return log filter energies, shape ``(bands, frames of 10 ms)``."""
    kaldi = _load_kaldi()
    options = kaldi.FbankOptions()
    options.frame_opts.samp_freq = rate
    options.frame_opts.dither = 0.0  # the default adds noise that nothing seeds
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = bands
    try:
        computer = kaldi.OnlineFbank(options)
    except ValueError as error:  # a filter would fall between two frequencies
        raise ConfigError(
            f"data.mel_bands: {bands} are too many at {rate} samples per second; lower it"
        ) from error
    computer.accept_waveform(rate, samples)
    computer.input_finished()
    columns = [computer.get_frame(index) for index in range(computer.num_frames_ready)]
    return np.stack(columns, axis=1, dtype=np.float32)


def _stretch(features: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Interpolate linearly between frames; the first and the last stay."""
    place = np.linspace(0, features.shape[1] - 1, frames)
    before = np.floor(place).astype(np.intp)
    after = np.minimum(before + 1, features.shape[1] - 1)
    share = (place - before).astype(np.float32)
    stretched: NDArray[np.float32] = features[:, before] * (1 - share) + features[:, after] * share
    return stretched


def _standardise(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring to mean 0 and variance 1; what never varies, silence, becomes 0."""
    centred = features - features.mean(dtype=np.float64)
    deviation = float(np.sqrt(np.square(centred).mean()))
    if deviation < 1e-6:
        return np.zeros_like(features)
    scaled: NDArray[np.float32] = np.asarray(centred / deviation, dtype=np.float32)
    return scaled


def _load_kaldi() -> Any:
    """Import the filter bank.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import kaldi_native_fbank
    except ImportError as error:
        raise MissingExtraError(
            "recordings need kaldi-native-fbank: pip install 'plurigrid-ff[audio]'"
        ) from error
    return kaldi_native_fbank
