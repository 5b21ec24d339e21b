"""Generated models on the emulated Cortex-M3, against the reference in Python."""

import numpy as np
import pytest

from plurigrid_ff.onchip.c_source import c_files
from plurigrid_ff.onchip.forward import predict
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.network import OBJECTIVES
from plurigrid_ff.onchip.vectors import vectors_header

STEPS = 30


@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_generated_model_gives_the_reference_bit_by_bit(
    make, tool, exported, random_network, objective, learns
):
    tool("arm-none-eabi-gcc", "qemu-system-arm")
    network = random_network(5, objective=objective)
    network.halvings = 0
    rng = np.random.default_rng(1)
    x = rng.integers(-127, 128, (20, network.inputs), dtype=np.int8)
    y = rng.integers(0, network.classes, 20)
    files = c_files(network, learns=learns)
    for step in range(STEPS if learns else 0):
        learn(network, x[step % 20], int(y[step % 20]))
    digest = network.digest()
    files["vectors.h"] = vectors_header(x, y, predict(network, x), digest, steps=STEPS)
    for name, text in files.items():
        (exported / name).write_text(text, "utf-8")

    answer = make("run-cortex-m")

    assert answer.stderr == ""
    assert answer.stdout.splitlines()[1] == f"ok: 20 predictions, digest {digest:08x}"
