"""Counted bytes against those of the object file that a cross compiler makes."""

import re
import subprocess

import pytest

from plurigrid_ff.onchip.elf import object_sizes
from plurigrid_ff.onchip.memory import LAYER_BYTES, memory, padded, ram_fields
from plurigrid_ff.onchip.network import OBJECTIVES

CORES = ["cortex-m0", "cortex-m3"]
LIBGCC = 400  # what a Cortex-M0 needs of it: division, 64-bit products and shifts


@pytest.fixture
def compiled(written, tool):
    """Compile a network for a core; return the object file."""
    (compiler,) = tool("arm-none-eabi-gcc")

    def build(network, core, *, learns):
        folder = written(network, learns=learns)
        flags = ["-std=c99", "-Os", f"-mcpu={core}", "-mthumb", "-ffreestanding", "-fdata-sections"]
        subprocess.run([compiler, *flags, "-c", "ff_model.c"], cwd=folder, check=True)
        return folder / "ff_model.o"

    return build


def networks(random_network, objective):
    """Narrow, wide, deep, and of one layer: buffers come and go with them."""
    drawn = [random_network(seed, objective=objective) for seed in range(2)]
    return drawn + [random_network(9, objective=objective, widths=w) for w in ([150], [90, 40])]


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_object_file_takes_what_was_counted(compiled, random_network, objective, learns, core):
    for network in networks(random_network, objective):
        counted = memory(network, learns=learns)

        measured = object_sizes(compiled(network, core, learns=learns))

        # Four bytes at most to align the constants; RAM ends in a byte or two of padding.
        assert measured.flash <= counted.flash - (LIBGCC if core == "cortex-m0" else 0)
        assert counted.ram - 4 < measured.ram <= counted.ram


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_layers_entry_in_the_table_is_no_larger_than_counted(
    compiled, random_network, objective, tool
):
    (sizes,) = tool("arm-none-eabi-size")
    network = random_network(9, objective=objective, widths=[30, 20, 30])

    file = compiled(network, "cortex-m0", learns=True)

    listed = subprocess.run([sizes, "-A", file], capture_output=True, text=True, check=True).stdout
    (table,) = re.findall(r"^\.rodata\.layers\s+(\d+)", listed, re.MULTILINE)
    assert LAYER_BYTES - 8 <= int(table) / 3 <= LAYER_BYTES


def test_learning_takes_the_weights_once_more_in_ram(random_network):
    for seed in range(20):
        network = random_network(seed)

        learning, fixed = memory(network, learns=True), memory(network, learns=False)

        assert learning.weights == fixed.weights
        assert learning.ram - fixed.ram > learning.weights
        # Beside them: steps, halvings, and per unit of the widest layer a step, an offset and
        # a place in the list, twice with two rails.
        widest = max(64, *(layer.out_features for layer in network.layers))
        assert learning.ram - fixed.ram <= learning.weights + 10 * widest + 48


def test_the_weights_of_a_small_network_are_counted_by_hand(random_network):
    network = random_network(3, objective="projection", widths=[10, 20])
    inputs, classes = network.inputs, network.classes

    counted = memory(network, learns=False)

    weights = inputs * 10 + 10 * 20 + classes * (10 + 20)
    assert counted.weights == weights + 4 * (10 + 20)
    assert counted.tables == counted.weights + 2 * LAYER_BYTES
    assert counted.ram_in_all == counted.ram + counted.stack
    assert counted.flash == counted.tables + counted.code


def test_variables_stand_from_the_widest_type_to_the_narrowest(random_network):
    for seed in range(20):
        fields = ram_fields(random_network(seed), learns=True)

        sizes = [field.bytes // (field.count or 1) for field in fields]
        assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(("count", "to", "expected"), [(0, 32, 0), (1, 32, 32), (32, 32, 32)])
def test_padded_rounds_up_to_a_multiple(count, to, expected):
    assert padded(count, to) == expected
