"""What is said of a network that does not fit, and whether the widths it names do fit."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.errors import QuantisationError
from plurigrid_ff.onchip.budget import require_budget
from plurigrid_ff.onchip.memory import KIB, memory
from plurigrid_ff.onchip.network import OBJECTIVES, IntegerLayer, IntegerNetwork


def network(objective, widths, *, inputs=64, classes=10):
    """A network of that shape, all zeros."""
    layers = []
    read = inputs + (classes if objective == "threshold" else 0)
    rows = classes if objective == "projection" else 0
    for width in widths:
        layers.append(
            IntegerLayer(
                weight=np.zeros((width, read), np.int8),
                bias=np.zeros(width, np.int32),
                directions=np.zeros((rows, width), np.int8),
                weight_bits=5,
                activity_bits=4,
            )
        )
        read = width
    return IntegerNetwork(objective, True, inputs, classes, True, layers, key=0)


def kib(size):
    return -(-size // KIB)


def refusal(found, *, learns, ram_kb=None, flash_kb=None):
    with pytest.raises(QuantisationError) as caught:
        require_budget(found, learns=learns, ram_kb=ram_kb, flash_kb=flash_kb)
    return str(caught.value)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("learns", [True, False])
def test_what_fits_to_the_byte_is_accepted_and_counted(objective, learns):
    found = network(objective, [40, 30])
    counted = memory(found, learns=learns)

    limits = {"ram_kb": kib(counted.ram_in_all), "flash_kb": kib(counted.flash)}

    assert require_budget(found, learns=learns, **limits) == counted
    assert require_budget(found, learns=learns, ram_kb=None, flash_kb=None) == counted


def test_ram_is_refused_a_byte_above_the_budget():
    # Each unit of a lone layer adds whole bytes until a KiB is full.
    widths = range(10, 400)
    sizes = [memory(network("projection", [w]), learns=True).ram_in_all for w in widths]
    place = next(i for i, size in enumerate(sizes) if size > 20 * KIB)

    fitting, over = (network("projection", [widths[i]]) for i in (place - 1, place))

    assert require_budget(fitting, learns=True, ram_kb=20, flash_kb=None).ram_in_all <= 20 * KIB
    refusal(over, learns=True, ram_kb=20)


def test_ram_over_budget_names_size_budget_weights_and_both_remedies():
    found = network("projection", [500, 500])
    counted = memory(found, learns=True)

    message = refusal(found, learns=True, ram_kb=64)

    assert message.startswith(
        f"the network takes {counted.ram_in_all / KIB:.1f} of 64 KiB of RAM, "
        f"{counted.weights / KIB:.1f} KiB of it in weights; train with --hidden "
    )
    assert re.search(r"--hidden \d+,\d+ \(\d+% narrower\), or export without --train$", message)


def test_flash_over_budget_names_size_and_budget():
    found = network("threshold", [500, 500])
    counted = memory(found, learns=False)

    message = refusal(found, learns=False, flash_kb=128)

    assert message.startswith(f"the network takes {counted.flash / KIB:.1f} of 128 KiB of flash, ")
    assert "RAM" not in message
    assert "without --train" not in message


def test_both_over_budget_are_both_named():
    message = refusal(network("projection", [500, 500]), learns=True, ram_kb=64, flash_kb=64)

    assert re.match(r"the network takes [\d.]+ of 64 KiB of RAM and [\d.]+ of 64 KiB of", message)
    # Without learning the weights still lie in flash.
    assert "without --train" not in message


def test_where_no_width_fits_fewer_layers_or_inputs_are_named():
    message = refusal(network("projection", [500, 500], inputs=4000), learns=True, ram_kb=4)

    assert message.endswith(
        "no width of its 2 layers fits: use fewer layers or fewer than 4000 inputs"
    )


def test_class_goodness_is_told_multiples_of_its_classes():
    message = refusal(network("class-goodness", [500, 300]), learns=True, ram_kb=64)

    widths = named_widths(message)
    assert [width % 10 for width in widths] == [0, 0]


def named_widths(message):
    named = re.search(r"--hidden ([\d,]+) ", message)
    return [int(width) for width in named[1].split(",")] if named else None


@given(
    objective=st.sampled_from(OBJECTIVES),
    groups=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    inputs=st.integers(1, 800),
    classes=st.integers(2, 20),
    learns=st.booleans(),
    ram_kb=st.none() | st.integers(1, 64),
    flash_kb=st.none() | st.integers(4, 64),
)
def test_the_widths_that_are_named_fit_and_wider_ones_do_not(
    objective, groups, inputs, classes, learns, ram_kb, flash_kb
):
    now = [classes * group for group in groups]
    found = network(objective, now, inputs=inputs, classes=classes)
    limits = {"learns": learns, "ram_kb": ram_kb, "flash_kb": flash_kb}
    try:
        require_budget(found, **limits)
    except QuantisationError as error:
        message = str(error)
    else:
        return
    widths = named_widths(message)
    step = classes if objective == "class-goodness" else 1

    if widths is None:
        narrowest = network(objective, [step] * len(now), inputs=inputs, classes=classes)
        refusal(narrowest, **limits)
        return
    require_budget(network(objective, widths, inputs=inputs, classes=classes), **limits)
    assert all(0 < new <= old and new % step == 0 for new, old in zip(widths, now, strict=True))
    # One step of the widest layer more, the others in proportion, would be too much.
    widest = max(now) // step
    more = next(m for m in range(widest + 1) if m * step > max(widths) or m == widest)
    wider = [step * max(1, (width // step) * more // widest) for width in now]
    refusal(network(objective, wider, inputs=inputs, classes=classes), **limits)


@given(kilobytes=st.integers(2, 40))
def test_leaving_out_learning_is_named_where_and_only_where_it_fits(kilobytes):
    found = network("projection", [300, 200])
    fits = memory(found, learns=False).ram_in_all <= kilobytes * KIB

    message = refusal(found, learns=True, ram_kb=kilobytes)

    assert ("export without --train" in message) == fits


def test_a_budget_says_nothing_about_the_networks_numbers():
    found = network("projection", [30])
    full = replace(found, layers=[replace(found.layers[0], weight=found.layers[0].weight + 5)])

    assert memory(full, learns=True) == memory(found, learns=True)
