import math

import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.learning.assessment import assess, layer_accuracies, layer_margins, measure
from plurigrid_ff.learning.network import FFNetwork


@pytest.fixture
def network():
    return FFNetwork(NetworkConfig(hidden=(6, 5)), (4,), 3, seed=0)


@pytest.fixture
def samples():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(50, 4, generator=generator), torch.arange(50) % 3


def test_accuracy_and_confusion_agree_with_predictions(network, samples):
    x, y = samples
    predicted = network.predict(x)

    found = assess(network, x, y, class_names=("a", "b", "c"))

    assert found.accuracy == pytest.approx((predicted == y).double().mean().item())
    assert found.samples == 50
    for true in range(3):
        for other in range(3):
            expected = ((y == true) & (predicted == other)).sum().item()
            assert found.confusion[true][other] == expected


def test_every_layer_is_measured_alone(network, samples):
    x, y = samples
    goodness = network.layer_goodness(x)

    found = assess(network, x, y, class_names=("a", "b", "c"), updates=(3, 4))

    for layer, scores in zip(found.layers, goodness, strict=True):
        right = (scores.argmax(dim=1) == y).double().mean().item()
        assert layer.accuracy == pytest.approx(right)
        true = scores[torch.arange(50), y].mean().item()
        assert layer.goodness_positive == pytest.approx(true, rel=1e-5)
        assert layer.separation == layer.goodness_positive - layer.goodness_negative
    assert [layer.updates for layer in found.layers] == [3, 4]


def test_histograms_count_every_sample_once(network, samples):
    x, y = samples

    for layer in assess(network, x, y, class_names=("a", "b", "c")).layers:
        assert sum(layer.goodness.positive) == 50
        assert sum(layer.goodness.negative) == 50
        assert len(layer.goodness.edges) == len(layer.goodness.positive) + 1


def test_a_unit_that_never_fires_is_counted_dead(network, samples):
    x, y = samples
    alive = assess(network, x, y, class_names=("a", "b", "c")).layers[0].dead_units
    with torch.no_grad():
        network.stack[0].transform.weight[2].zero_()
        network.stack[0].transform.bias[2] = -1.0

    dead = assess(network, x, y, class_names=("a", "b", "c")).layers[0].dead_units

    assert dead == alive + 1


def test_a_margin_is_the_log_probability_of_the_true_class(network, samples):
    x, y = samples
    measured = measure(network, x)

    margins = layer_margins(measured, y)

    log_p = torch.log_softmax(network.layer_goodness(x)[1].double(), dim=1)
    assert margins[1] == pytest.approx(log_p[torch.arange(50), y].mean().item(), rel=1e-5)
    assert all(margin < 0 for margin in margins)
    assert all(math.isfinite(margin) for margin in margins)


def test_measuring_in_batches_changes_nothing(network, samples, monkeypatch):
    x, y = samples
    whole = measure(network, x)

    monkeypatch.setattr("plurigrid_ff.learning.network.MOST_ROWS", 7)
    parts = measure(network, x)

    torch.testing.assert_close(parts.goodness, whole.goodness)
    assert layer_accuracies(parts, y) == layer_accuracies(whole, y)
