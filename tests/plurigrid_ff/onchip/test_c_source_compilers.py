"""The C code under both compilers, at every level of optimisation, and under sanitisers."""

import subprocess

import numpy as np
import pytest

from plurigrid_ff.onchip.c_source import c_files
from plurigrid_ff.onchip.forward import layer_goodness, predict
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.network import OBJECTIVES
from plurigrid_ff.onchip.support import support_files
from plurigrid_ff.onchip.vectors import vectors_header

# Loops over units go in blocks of 32: exactly one, some, one and a rest, less than one.
WIDTHS = [64, 32, 77, 20]
# Bits that the step size drops, so that many units take a step, or few: another loop each.
MANY = 6
FEW = {"projection": 24, "class-goodness": 16, "threshold": 25}


def samples(network, count):
    rng = np.random.default_rng(count)
    x = rng.integers(-127, 128, (count, network.inputs), dtype=np.int8)
    x[0] = 0
    x[1] = -127
    return x, rng.integers(0, network.classes, count).tolist()


def taught(network, x, y):
    for sample, label in zip(x, y, strict=True):
        learn(network, sample, label)


def wide(random_network, objective, bits):
    """Draw a network of wide layers whose step sizes drop so many bits."""
    network = random_network(1, objective=objective, widths=WIDTHS)
    network.halvings = bits - MANY
    for layer in network.layers:
        layer.rate_shift = layer.direction_shift = MANY
    return network


@pytest.mark.slow
@pytest.mark.parametrize("flags", ["-O0", "-Os", "-O2", "-O3", "-O3 -march=native"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_optimisation_changes_a_bit(build, tool, random_network, compiler, flags):
    tool(compiler)
    networks = [wide(random_network, objective, MANY) for objective in OBJECTIVES]

    devices = build(networks, compiler=compiler, flags=tuple(flags.split()))

    for network, device in zip(networks, devices, strict=True):
        for bits in (MANY, FEW[network.objective]):
            network.halvings = bits - MANY
            device.call("set_halvings", network.halvings)
            x, y = samples(network, 10)
            taught(network, x, y)
            for sample, label in zip(x, y, strict=True):
                device.learn(sample, label)
            assert device.digest() == network.digest()
            expected = layer_goodness(network, x).sum(axis=0)
            assert [device.goodness(sample) for sample in x] == expected.tolist()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_few_and_many_units_take_a_step_in_the_networks_above(random_network, objective):
    moved = []
    for bits in (MANY, FEW[objective]):
        network = wide(random_network, objective, bits)
        for sample, label in zip(*samples(network, 10), strict=True):
            before = [layer.bias.copy() for layer in network.layers]
            learn(network, sample, label)
            pairs = zip(before, network.layers, strict=True)
            moved.append([(old != layer.bias).mean() for old, layer in pairs])
    many, few = np.array(moved).reshape(2, -1)

    # A vector unit goes over all, eight at once, where more than an eighth move.
    assert many.mean() > 0.2
    assert 0.01 < few.mean() < 0.1


@pytest.fixture
def run_sanitised(tmp_path, tool):
    """Build the exported check with sanitisers, run it, and return what it prints."""

    def run(compiler, network, *, learns=True, edit=str):
        (program,) = tool(compiler)
        x, y = samples(network, 10)
        files = c_files(network, learns=learns) | {"check.c": support_files()["check.c"]}
        files["ff_model.c"] = edit(files["ff_model.c"])
        if learns:
            taught(network, x, y)
        digest = network.digest()
        files["vectors.h"] = vectors_header(x, y, predict(network, x), digest, steps=len(x))
        for name, text in files.items():
            (tmp_path / name).write_text(text, "utf-8")
        sanitisers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        command = [program, "-std=c99", "-O1", "-g", *sanitisers, "check.c", "ff_model.c"]
        subprocess.run([*command, "-o", "check"], cwd=tmp_path, check=True)
        done = subprocess.run([tmp_path / "check"], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr, f"ok: {len(x)} predictions, digest {digest:08x}\n"

    return run


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitisers_find_nothing(run_sanitised, random_network, compiler, objective):
    networks = [random_network(31, objective=objective), wide(random_network, objective, MANY)]
    for network in networks:
        printed, expected = run_sanitised(compiler, network)

        assert printed == expected


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_sanitisers_find_nothing_in_a_model_that_does_not_learn(
    run_sanitised, random_network, objective
):
    network = wide(random_network, objective, MANY)

    printed, expected = run_sanitised("clang", network, learns=False)

    assert printed == expected


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("ram_hidden[ram_steps + 99999]++;", "index 99999 out of bounds"),
        ("ram_total[0] = INT32_MAX; ram_total[0]++;", "signed integer overflow"),
    ],
)
def test_sanitisers_would_find_a_fault(run_sanitised, random_network, fault, found):
    def break_it(text):
        return text.replace("    ram_steps++;\n", f"    {fault}\n    ram_steps++;\n")

    printed, _ = run_sanitised("gcc", random_network(31), edit=break_it)

    assert found in printed
