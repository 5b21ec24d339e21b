import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_open_games.estimates import (
    GAIN_ESTIMATES,
    GainEstimate,
    make_bids,
    update_estimate,
)
from pydantic import TypeAdapter

from plurigrid_ff.host.ports import LayerGain


def trained(gain, updates=10):
    return LayerGain(updates=updates, margin_before=-2.0, margin_after=-2.0 + gain * updates)


SAT_OUT = LayerGain(updates=0, margin_before=-2.0, margin_after=-3.0)


def known(gain, rounds_out=0):
    return GainEstimate(gain=gain, rounds_out=rounds_out)


def test_first_measurement_is_the_estimate():
    assert update_estimate(None, trained(0.25), memory=0.5) == known(0.25)


def test_later_measurements_are_averaged_with_the_past():
    assert update_estimate(known(1.0), trained(0.5), memory=0.5) == known(0.75)


def test_without_memory_the_last_round_alone_counts():
    assert update_estimate(known(1.0, 3), trained(0.5), memory=0.0) == known(0.5)


def test_a_layer_that_sat_out_keeps_its_estimate_and_counts_the_round():
    assert update_estimate(known(1.0, 2), SAT_OUT, memory=0.5) == known(1.0, 3)
    assert update_estimate(None, SAT_OUT, memory=0.5) == known(None, 1)


def test_bids_rise_by_one_price_per_round_out():
    bids = make_bids([known(8.0), known(1.0, 3), known(-5.0, 1)], price=0.25)

    assert bids.cost == 2.0
    assert bids.gains == (8.0, 7.0, 2.0)


def test_an_unmeasured_layer_is_hoped_to_be_as_good_as_the_best():
    assert make_bids([known(8.0), known(None, 1)], price=0.25).gains == (8.0, 10.0)


def test_where_no_layer_gains_nothing_is_paid_and_waiting_layers_come_back():
    bids = make_bids([known(-1.0), known(-4.0, 1)], price=0.25)

    assert bids.cost == 0
    assert bids.gains == (-1.0, 4.0)


def test_where_no_layer_gains_waiting_layers_stay_out_if_training_may_stop():
    assert make_bids([known(-1.0, 9)], price=0.25, may_stop=True).gains == (0.0,)


@given(
    gains=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6),
    unit=st.sampled_from([2.0**-30, 0.5, 1024.0]),
    price=st.floats(0, 4),
)
def test_the_unit_of_margins_drops_out(gains, unit, price):
    plain = make_bids([known(g) for g in gains], price=price)
    scaled = make_bids([known(g * unit) for g in gains], price=price)

    assert scaled.gains == tuple(g * unit for g in plain.gains)
    assert scaled.cost == pytest.approx(plain.cost * unit, rel=1e-12, abs=1e-300)


def test_estimates_survive_json():
    adapter = TypeAdapter(GAIN_ESTIMATES.type)
    estimates = {"agent-0": (known(0.1 + 0.2, 3), known(None, 1))}

    assert adapter.validate_json(adapter.dump_json(estimates)) == estimates
