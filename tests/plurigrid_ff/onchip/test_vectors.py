"""vectors.h: what is written is what was given."""

import re

import numpy as np

from plurigrid_ff.onchip.vectors import vectors_header


def array(text, name):
    """Numbers of one array, row after row."""
    body = re.search(rf"\b{name}\[.*?= \{{(.*?)\}};", text, re.DOTALL).group(1)
    return [int(number) for number in re.findall(r"-?\d+", body)]


def test_every_number_stands_in_its_array():
    samples = np.random.default_rng(0).integers(-128, 128, (3, 50), dtype=np.int8)

    text = vectors_header(samples, [2, 0, 300], np.array([1, 1, 2]), 0xABC, steps=7)

    assert array(text, "vector_x") == samples.ravel().tolist()
    assert array(text, "vector_label") == [2, 0, 300]
    assert array(text, "vector_predicted") == [1, 1, 2]
    assert "#define VECTORS 3\n#define LEARN_STEPS 7u\n" in text
    assert "vector_digest = 0x00000abcu;" in text


def test_lines_stay_short():
    text = vectors_header(np.full((1, 784), -128, np.int8), [0], [0], 0, steps=0)

    assert max(map(len, text.splitlines())) <= 100
