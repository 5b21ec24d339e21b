"""Numbers and names as the page writes them."""

import math
import re
import unicodedata

from plurigrid_ff.results import Assessment, RunReport

# Characters that neither XML nor UTF-8 can carry: controls, lone surrogates, non-characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"


def clean(text: str) -> str:
    """Replace characters that a web page cannot carry with U+FFFD."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def display_width(text: str) -> int:
    """Count columns: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most ``limit`` columns, ending in an ellipsis where it was cut."""
    line = " ".join(clean(text[: 8 * limit]).split())
    if display_width(line) <= limit and len(text) <= 8 * limit:
        return line
    while line and display_width(line) >= limit:
        line = line[:-1]
    return line.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def finite(value: object) -> float | None:
    """Return a number as a float; None for anything else, NaN and infinity included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def format_number(value: float | None) -> str:
    """Write a number in at most four significant digits, whole numbers in full."""
    if value is None:
        return NOTHING
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}".replace("-", MINUS)
    number = finite(value)
    if number is None:
        return "not a number that fits here"
    written = f"{number:,.0f}" if 1e4 <= abs(number) < 1e15 else f"{number:.4g}"
    return written.replace("-", MINUS)


def format_share(share: float | None) -> str:
    """Write a share of 1 as a percentage with two decimals at most."""
    if share is None:
        return NOTHING
    digits = f"{100 * share:.2f}"
    return f"{digits.rstrip('0').rstrip('.')}{NO_BREAK}%".replace("-", MINUS)


def format_seconds(seconds: float) -> str:
    """Write a duration in its natural unit."""
    if seconds < 120:
        return f"{format_number(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s"


def describe_readout(result: Assessment | RunReport) -> str:
    """Say in words what predicts, and from which layers."""
    if result.readout == "probe":
        return "a linear probe of all layers; a layer's goodness is its share of the probe's score"
    if result.readout == "head":
        return "a softmax head on the last layer; a layer's goodness is the score of its own head"
    layers = result.readout_layers
    if layers is None or (layers.first, layers.last) == (1, len(result.layers)):
        which = "all layers"
    elif layers.first == layers.last:
        which = f"layer {layers.first} alone"
    else:
        which = f"layers {layers.first} to {layers.last}"
    chosen = ", chosen on the validation samples" if layers and layers.validated else ""
    return f"goodness, summed over {which}{chosen}"


def wilson_interval(share: float, samples: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was counted on ``samples`` samples.

    Reference:
        Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    z = 1.959964  # 97.5 % quantile of the standard normal distribution
    centre = share + z**2 / (2 * samples)
    spread = z * math.sqrt(share * (1 - share) / samples + z**2 / (4 * samples**2))
    scale = 1 + z**2 / samples
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
