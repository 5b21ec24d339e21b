"""C99 that repeats the integer network bit for bit: one .c, one .h, no library."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff import __version__
from plurigrid_ff.onchip.arithmetic import (
    BIAS_MAX,
    ERROR_BITS,
    EXP_TABLE,
    INPUT_BITS,
    STEP_MAX,
    UPDATE_BITS,
)
from plurigrid_ff.onchip.learning import MAX_RATE_SHIFT
from plurigrid_ff.onchip.memory import BLOCK, ram_fields
from plurigrid_ff.onchip.network import IntegerNetwork

if TYPE_CHECKING:
    import jinja2

COLUMNS = 16


def c_files(
    network: IntegerNetwork, *, learns: bool, description: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the texts of ``ff_model.h`` and ``ff_model.c``.

    Args:
        network: What they compute, and where learning starts from.
        learns: Whether ``ff_learn`` is part of it; without it all weights stay in flash.
        description: Lines for the header's comment.
    """
    widths = [network.inputs, *(layer.out_features for layer in network.layers)]
    context = {
        "net": network,
        "learns": learns,
        "title": f"{network.objective}, {'-'.join(map(str, widths))}",
        "description": [_safe(line) for line in description],
        "version": __version__,
        "projection": network.objective == "projection",
        "threshold": network.objective == "threshold",
        "exponential": learns,
        "hardest": network.hardest,
        "rails": 2 if network.objective == "threshold" else 1,
        "fields": ram_fields(network, learns=learns),
        "block": BLOCK,
        "blocks": max(layer.out_features for layer in network.layers) >= BLOCK,
        "input_bits": INPUT_BITS,
        "update_bits": UPDATE_BITS,
        "error_bits": ERROR_BITS,
        "bias_max": BIAS_MAX,
        "step_max": STEP_MAX,
        "max_rate_shift": MAX_RATE_SHIFT,
        "exp_table": EXP_TABLE,
    }
    return {name: render(name, context) for name in ("ff_model.h", "ff_model.c")}


def render(name: str, context: dict[str, Any]) -> str:
    """Return the text of an exported file from its template."""
    return _environment().get_template(f"{name}.j2").render(context)


def numbers(values: NDArray[np.integer]) -> str:
    """Write an array's numbers in rows, for an initialiser."""
    flat = [str(value) for value in values.ravel().tolist()]
    rows = (", ".join(flat[at : at + COLUMNS]) for at in range(0, len(flat), COLUMNS))
    return "    " + ",\n    ".join(rows)


@cache
def _environment() -> "jinja2.Environment":
    """Make the environment of the templates that lie beside this module."""
    import jinja2

    folder = files("plurigrid_ff.onchip") / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 (C, not HTML; foreign text goes through _safe)
    )
    environment.filters["numbers"] = numbers
    return environment


def _safe(line: str) -> str:
    """Make foreign text fit for a C comment."""
    plain = "".join(c if c.isprintable() else "?" for c in line)
    return plain.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")[:200]
