"""Rounding to int8: what it costs, what it reports, and what it refuses."""

import numpy as np
import pytest
import torch

from plurigrid_ff.config import NetworkConfig, RecurrentConfig
from plurigrid_ff.errors import PlurigridError, QuantisationError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.onchip.arithmetic import BIAS_MAX, INPUT_BITS
from plurigrid_ff.onchip.forward import layer_goodness, predict
from plurigrid_ff.onchip.network import OBJECTIVES
from plurigrid_ff.onchip.quantise import (
    MAX_CLASSES,
    MAX_FEATURES,
    MAX_LAYERS,
    TRAINED_HALVINGS,
    quantise,
    require_integer_form,
)

COST = {"projection": 0.01, "class-goodness": 0.01, "threshold": 0.02}  # of accuracy
SAMPLES = np.random.default_rng(0).uniform(0, 16, (40, 12)).astype(np.float32)


def net(objective="projection", *, hidden=(9, 6), classes=3, seed=0, shape=(12,), **settings):
    config = NetworkConfig(hidden=hidden, objective=objective, **settings)
    return FFNetwork(config, shape, classes, seed=seed)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_rounding_a_trained_network_costs_at_most_a_point_or_two(trained, objective):
    run = trained(objective)
    x, y = run.data.test.x, run.data.test.y
    exact = (run.network.predict(torch.from_numpy(x)).numpy() == y).mean()

    quantised = quantise(run.network, run.data.train.x)

    found = (predict(quantised.network, quantised.scaling.apply(x)) == y).mean()
    assert found >= exact - COST[objective]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_goodness_of_integers_is_that_of_floats_in_units_of_a_256th(trained, objective):
    run = trained(objective)
    x = run.data.test.x
    real = run.network.layer_goodness(torch.from_numpy(x)).numpy()
    # What the threshold objective compares is goodness times sharpness: the log-odds.
    real *= 10.0 if objective == "threshold" else 1.0

    quantised = quantise(run.network, run.data.train.x)

    found = layer_goodness(quantised.network, quantised.scaling.apply(x)) / 256
    assert np.abs(found - real).mean() < 0.1 * real.std()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_weights_and_biases_are_the_nearest_integers_at_their_scales(trained, objective):
    run = trained(objective)

    made = quantise(run.network, run.data.train.x).network.layers

    for index, (layer, real) in enumerate(zip(made, run.network.stack, strict=True)):
        weight = real.transform.weight.detach().numpy()
        columns = 64 if index == 0 else None  # labels have a scale of their own
        off = layer.weight / 2.0**layer.weight_bits - weight
        assert np.abs(off[:, :columns]).max() <= 0.5001 / 2.0**layer.weight_bits
        bits = layer.weight_bits + INPUT_BITS
        bias = layer.bias / 2.0**bits - real.transform.bias.detach().numpy()
        assert np.abs(bias).max() <= 0.5001 / 2.0**bits


def test_the_share_of_clamped_weights_is_reported_layer_by_layer():
    network = net(hidden=(100, 101))
    with torch.no_grad():
        network.stack[1].transform.weight[0, 0] = 100.0  # one of 10,100: few enough to clamp

    quantised = quantise(network, SAMPLES)

    assert quantised.clipped_weights == (0.0, 1 / 10_100)
    assert quantised.network.layers[1].weight[0, 0] == 127
    assert quantised.network.layers[1].weight_bits > 0


def test_the_share_of_activities_at_the_top_is_reported_layer_by_layer():
    network = net(hidden=(100, 6))
    samples = np.random.default_rng(1).uniform(0, 16, (200, 12)).astype(np.float32)
    samples[:, 0] = 0.0
    samples[:2] = [16.0] + [0.0] * 11  # at unit RMS, sqrt(12) = 3.46
    with torch.no_grad():
        network.stack[0].transform.weight *= 0.5
        network.stack[0].transform.weight[0] = 0.0
        network.stack[0].transform.weight[0, 0] = 8.0

    quantised = quantise(network, samples)

    # Two of 20,000 reach 27.7, few enough to clamp; the others fit below 127/16.
    assert quantised.network.layers[0].activity_bits == 4
    assert quantised.clipped_activities == (1e-4, 0.0)


def test_the_network_begins_with_the_halvings_and_the_key_that_are_asked_for():
    network = net()

    one = quantise(network, SAMPLES, seed=1, halvings=TRAINED_HALVINGS).network
    same = quantise(network, SAMPLES, seed=1).network
    other = quantise(network, SAMPLES, seed=2).network

    assert (one.halvings, same.halvings, one.step) == (TRAINED_HALVINGS, 0, 0)
    assert one.key == same.key != other.key


def test_biases_stop_at_their_limit():
    network = net()
    with torch.no_grad():
        network.stack[0].transform.bias.fill_(-1e9)

    made = quantise(network, SAMPLES).network

    assert set(made.layers[0].bias.tolist()) == {-BIAS_MAX}


def altered(change):
    """A network whose numbers are changed after it is made."""
    network = net()
    with torch.no_grad():
        change(network.stack[0])
    return network


def convolution(layer):
    layer.transform.kind = "convolution"


def heavy(layer):
    layer.transform.weight.fill_(300.0)


def loud(layer):
    layer.transform.bias.fill_(1000.0)


def steep(layer):
    layer.objective.directions.fill_(200.0)


def wide_and_loud(layer):
    layer.transform.bias.fill_(100.0)
    layer.objective.directions.fill_(100.0)


REFUSED = [
    pytest.param(
        lambda: net("symba"),
        r"^objective 'symba' has no integer form; train with one of projection, class-goodness, "
        r"threshold$",
        id="objective",
    ),
    pytest.param(
        lambda: net(recurrent=RecurrentConfig()),
        r"^network\.recurrent: layers that hear the layer above have no integer form; train "
        r"without it$",
        id="recurrent",
    ),
    pytest.param(
        lambda: net(readout="probe"),
        r"^network\.readout 'probe' has no integer form; train with --readout goodness$",
        id="readout",
    ),
    pytest.param(
        lambda: net(hidden=(4, 4, 4), readout_layers=(2, 3)),
        r"^network\.readout_layers: goodness of layers 2 to 3 of 3 alone has no integer form; "
        r"train with --set network\.readout_layers=all$",
        id="readout-layers",
    ),
    pytest.param(
        lambda: net("threshold", negatives="noise", readout="probe"),
        r"^network\.negatives 'noise' have no integer form; train with --negatives hardest-label "
        r"or wrong-label$",
        id="negatives",
    ),
    pytest.param(
        lambda: net("threshold", options={"goodness": "top-k"}),
        r"^network\.options\.goodness 'top-k' has no integer form; train with 'squares'$",
        id="goodness",
    ),
    pytest.param(
        lambda: net(hidden=(4,) * (MAX_LAYERS + 1)),
        r"^16 layers: the integer form holds at most 15; .*--hidden$",
        id="layers",
    ),
    pytest.param(
        lambda: net(classes=MAX_CLASSES + 1),
        r"^257 classes: the integer form holds at most 256; .*fewer classes",
        id="classes",
    ),
    pytest.param(
        lambda: net(hidden=(4, MAX_FEATURES + 1)),
        r"^layer 2 is 16385 wide: the integer form holds at most 16384; .*--hidden",
        id="width",
    ),
    pytest.param(
        lambda: net(shape=(MAX_FEATURES + 1,), hidden=(4, 4)),
        r"^layer 1 reads 16385 inputs: the integer form holds at most 16384; .*smaller samples",
        id="inputs",
    ),
    pytest.param(
        lambda: altered(convolution),
        r"^layer 1 is 'convolution', which has no integer form; use linear layers$",
        id="kind",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_a_network_without_an_integer_form_is_refused_with_what_to_change(make, message):
    with pytest.raises(QuantisationError, match=message):
        require_integer_form(make())


UNSCALED = [
    pytest.param(
        lambda: altered(heavy),
        r"^layer 1: weights reach 300, but int8 .* holds at most 127; scale the input features, "
        r"or train with a lower training\.learning_rate$",
        id="weights",
    ),
    pytest.param(
        lambda: altered(loud),
        r"^layer 1: activities reach 1e\+03, but int8 .* at most 127; train with a lower "
        r"training\.learning_rate$",
        id="activities",
    ),
    pytest.param(
        lambda: altered(steep),
        r"^layer 1: directions reach 200, but int8 .* at most 127; train with a lower "
        r"training\.learning_rate$",
        id="directions",
    ),
    pytest.param(
        lambda: net("class-goodness", options={"scale": 1e6}),
        r"^layer 1: goodness may reach .* nat, but integers hold at most 5\.24e\+05 here; train "
        r"with a lower network\.options\.scale$",
        id="scale",
    ),
    pytest.param(
        lambda: net("class-goodness", options={"scale": 1e-300}),
        r"^layer 1: goodness reaches .* nat at most, but integers have steps of 1/256; train with "
        r"a higher network\.options\.scale$",
        id="small-scale",
    ),
    pytest.param(
        lambda: net("threshold", options={"sharpness": 1e300}),
        r"^layer 1: goodness may reach .* lower network\.options\.sharpness or threshold$",
        id="sharpness",
    ),
    pytest.param(
        lambda: net("threshold", options={"threshold": 1e9}),
        r"^layer 1: goodness may reach 1e\+10 nat, .* network\.options\.sharpness or threshold$",
        id="threshold",
    ),
]


@pytest.mark.parametrize(("make", "message"), UNSCALED)
def test_numbers_that_no_scale_fits_are_refused_with_what_to_change(make, message):
    network = make()
    require_integer_form(network)

    with pytest.raises(QuantisationError, match=message):
        quantise(network, SAMPLES)


@pytest.mark.parametrize("scale", [0.01, 4.0, 1000.0])
@pytest.mark.parametrize("activity", ["squares", "plain"])
def test_a_scale_that_is_accepted_keeps_goodness_inside_int32(scale, activity):
    network = net("class-goodness", options={"scale": scale, "activity": activity})

    made = quantise(network, SAMPLES).network

    for layer in made.layers:
        assert 0 <= layer.goodness.shift < 64
        group = layer.out_features // made.classes
        most = layer.goodness.times(np.array([group * 127 ** (2 if made.squares else 1)]))[0]
        assert 0 < most < 2**31 // len(made.layers)


def test_the_error_is_one_that_a_user_can_act_on():
    assert issubclass(QuantisationError, PlurigridError)
