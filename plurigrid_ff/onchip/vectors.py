"""``vectors.h``: inputs, and what a build must make of them, for the exported check."""

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH = 100

HEADER = """\
/* What check.c feeds to the model, and what must come out of it.
 *
 * After ff_reset, learn step n takes sample n modulo VECTORS; the predictions and the digest
 * are those after the last step. */
#ifndef FF_VECTORS_H
#define FF_VECTORS_H

#include <stdint.h>

#define VECTORS {count}
#define LEARN_STEPS {steps}u

static const int8_t vector_x[VECTORS][FF_INPUTS] = {{
{samples}
}};

static const uint16_t vector_label[VECTORS] = {{
{labels}
}};

static const uint16_t vector_predicted[VECTORS] = {{
{predicted}
}};

static const uint32_t vector_digest = 0x{digest:08x}u;

#endif
"""


def vectors_header(
    samples: NDArray[np.int8],
    labels: Sequence[int],
    predicted: Sequence[int],
    digest: int,
    *,
    steps: int,
) -> str:
    """Return the text of ``vectors.h``.

    Args:
        samples: Inputs, shape ``(samples, inputs)``, one at least.
        labels: What to learn them as, shape ``(samples,)``.
        predicted: Classes predicted after the last step, shape ``(samples,)``.
        digest: The model's digest after the last step, 32 bits.
        steps: Learning steps; beyond the last sample they start again with the first.
    """
    return HEADER.format(
        count=len(samples),
        steps=steps,
        samples="\n".join(f"{{\n{_numbers(sample)}\n}}," for sample in samples.tolist()),
        labels=_numbers(labels),
        predicted=_numbers(predicted),
        digest=digest,
    )


def _numbers(values: Iterable[int]) -> str:
    """Write numbers with commas, in lines of bounded width."""
    return textwrap.fill(", ".join(str(int(value)) for value in values), WIDTH)
