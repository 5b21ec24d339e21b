"""The C code equals the reference, bit for bit."""

import numpy as np
import pytest

from plurigrid_ff.onchip.c_source import c_files
from plurigrid_ff.onchip.forward import layer_goodness, predict
from plurigrid_ff.onchip.learning import learn


def samples(network, count, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(-127, 128, (count, network.inputs), dtype=np.int8)
    x[0] = 0  # a sample of zeros is a case of its own
    return x, rng.integers(0, network.classes, count)


def require_equal(network, device, seed, steps=12):
    x, y = samples(network, steps, seed)
    device.call("set_halvings", network.halvings)
    for sample, label in zip(x, y, strict=True):
        learn(network, sample, int(label))
        device.learn(sample, int(label))
    assert device.digest() == network.digest()
    assert device.call("saturated") == network.saturated
    assert [device.goodness(s) for s in x] == layer_goodness(network, x).sum(axis=0).tolist()
    assert [device.predict(s) for s in x] == predict(network, x).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_a_thousand_random_networks_learn_and_predict_alike_in_c(block, build, random_network):
    seeds = range(100 * block, 100 * (block + 1))
    networks = [random_network(seed) for seed in seeds]

    devices = build(networks, flags=("-O1" if block == 0 else "-O0",))

    for seed, network, device in zip(seeds, networks, devices, strict=True):
        require_equal(network, device, seed)


@pytest.mark.parametrize("objective", ["projection", "class-goodness", "threshold"])
def test_clang_agrees(objective, build, tool, random_network):
    tool("clang")
    networks = [random_network(seed, objective=objective) for seed in range(8)]

    devices = build(networks, compiler="clang", flags=("-O2",))

    for seed, (network, device) in enumerate(zip(networks, devices, strict=True)):
        require_equal(network, device, seed)


def test_without_learning_all_weights_are_constant_and_predictions_the_same(build, random_network):
    networks = [random_network(seed) for seed in range(12)]

    devices = build(networks, learns=False)

    for seed, (network, device) in enumerate(zip(networks, devices, strict=True)):
        x, _ = samples(network, 8, seed)
        assert device.digest() == network.digest()
        assert [device.predict(s) for s in x] == predict(network, x).tolist()
        assert not hasattr(device.library, f"{device.prefix}_learn")


def test_a_reset_goes_back_to_the_first_weights(build, random_network):
    network = random_network(3)
    (device,) = build([network])
    x, y = samples(network, 6, 0)
    before = device.digest()
    for sample, label in zip(x, y, strict=True):
        device.learn(sample, int(label))
    after = device.digest()

    device.call("reset")

    assert before == network.digest()
    assert after != before
    assert device.digest() == before


def test_a_label_that_is_no_class_changes_nothing(build, random_network):
    network = random_network(5)
    (device,) = build([network])
    x, _ = samples(network, 1, 0)

    device.learn(x[0], network.classes)

    assert device.digest() == network.digest()
    assert device.call("steps") == 0


def test_the_code_uses_no_heap_no_float_and_no_library(random_network):
    for seed in range(6):
        source = c_files(random_network(seed), learns=True)["ff_model.c"]

        code = "\n".join(line for line in source.splitlines() if not line.startswith("/*"))
        assert not any(word in code for word in ("malloc", "float", "double", "math.h", "stdlib"))
        assert [line for line in code.splitlines() if line.startswith("#include")] == [
            '#include "ff_model.h"'
        ]


def test_a_description_cannot_end_the_comment_it_stands_in(random_network):
    hostile = "*/ int main(void) { /* \\\n \x1b[31m"

    header = c_files(random_network(0), learns=True, description=(hostile,))["ff_model.h"]

    comment = header.split("#ifndef")[0]
    assert comment.count("*/") == 1
    assert "\x1b" not in header
    assert "\\" not in comment
