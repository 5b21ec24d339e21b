"""Generated models on emulated Cortex-M cores, against the reference in Python."""

import re

import numpy as np
import pytest

from plurigrid_ff.onchip.c_source import c_files
from plurigrid_ff.onchip.forward import predict
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.memory import STACK_BYTES
from plurigrid_ff.onchip.network import OBJECTIVES
from plurigrid_ff.onchip.vectors import vectors_header

STEPS = 30
SAMPLES = 20


@pytest.fixture
def run_on(make, tool, exported):
    """Put a network into the folder, learn and predict with the reference, and run the board."""
    tool("arm-none-eabi-gcc", "qemu-system-arm")

    def run(network, core="cortex-m3", *, learns=True):
        rng = np.random.default_rng(1)
        x = rng.integers(-127, 128, (SAMPLES, network.inputs), dtype=np.int8)
        y = rng.integers(0, network.classes, SAMPLES)
        files = c_files(network, learns=learns)
        for step in range(STEPS if learns else 0):
            learn(network, x[step % SAMPLES], int(y[step % SAMPLES]))
        digest = network.digest()
        files["vectors.h"] = vectors_header(x, y, predict(network, x), digest, steps=STEPS)
        for name, text in files.items():
            (exported / name).write_text(text, "utf-8")
        answer = make("run-cortex-m", f"CPU={core}")
        assert answer.stderr == ""
        return answer.stdout, f"ok: {SAMPLES} predictions, digest {digest:08x}"

    return run


def stack(printed):
    return int(re.match(r"stack: (\d+) bytes\n", printed)[1])


@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_generated_model_gives_the_reference_bit_by_bit(
    run_on, random_network, objective, learns
):
    printed, expected = run_on(random_network(5, objective=objective), learns=learns)

    assert printed.splitlines()[1] == expected
    assert stack(printed) <= STACK_BYTES


@pytest.mark.parametrize("seed", range(23, 26))
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m3"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_random_networks_give_the_reference_on_every_core(
    run_on, random_network, objective, core, seed
):
    printed, expected = run_on(random_network(seed, objective=objective), core)

    assert printed.splitlines()[1] == expected
    assert stack(printed) <= STACK_BYTES


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_layers_wider_than_a_block_give_the_reference_too(run_on, random_network, objective, core):
    network = random_network(2, objective=objective, widths=[77, 45])

    printed, expected = run_on(network, core)

    assert printed.splitlines()[1] == expected
    assert stack(printed) <= STACK_BYTES
