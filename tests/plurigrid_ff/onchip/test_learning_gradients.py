"""Integer learning against gradient steps of the float objectives, by autograd."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from plurigrid_ff.onchip.arithmetic import INPUT_BITS, INT8_MAX, normalised
from plurigrid_ff.onchip.forward import activity, prepared, with_labels
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.network import LABEL_GAIN_BITS, IntegerLayer
from plurigrid_ff.onchip.quantise import RATES

PARTS = ("weight", "bias", "directions")
KEYS = 1000
TABLE_ERROR = math.exp(1 / 16) - 1  # of the table that softmax and sigmoid read, the most
VARIANTS = [
    ("projection", {}, "auto"),
    ("class-goodness", {"activity": "squares"}, "auto"),
    ("class-goodness", {"activity": "plain"}, "auto"),
    ("threshold", {"sharpness": 3.0}, "wrong-label"),
    ("threshold", {"sharpness": 3.0}, "hardest-label"),
]


def mean_updates(network, x, label):
    """Return mean and standard error of each layer's updates over many keys."""
    found = [{part: [] for part in PARTS} for _ in network.layers]
    for key in np.random.default_rng(0).integers(0, 2**64, KEYS, dtype=np.uint64).tolist():
        learner = network.copy()
        learner.key = key
        learn(learner, x, label)
        assert all(np.abs(layer.weight).max() < INT8_MAX for layer in learner.layers)
        for place, before, after in zip(found, network.layers, learner.layers, strict=True):
            for part in PARTS:
                place[part].append(getattr(after, part).astype(np.int64) - getattr(before, part))
    return [
        {
            part: (np.mean(runs, axis=0), np.std(runs, axis=0) / KEYS**0.5)
            for part, runs in layer.items()
        }
        for layer in found
    ]


def float_loss(network, options, layer: IntegerLayer, h, directions, label):
    """The objective written out, from real activities ``(rails, units)``."""
    if network.objective == "projection":
        return F.cross_entropy(h @ directions.T, torch.tensor([label]))
    if network.objective == "class-goodness":
        terms = h.square() if network.squares else h
        means = terms.reshape(1, network.classes, -1).mean(dim=2)
        return F.cross_entropy(4.0 * means, torch.tensor([label]))
    good = options["sharpness"] * (h.square().mean(dim=1) - 1.0)
    return F.softplus(-good[0]) + F.softplus(good[1])


def constant_factor(network, options, layer):
    """What the integer gradient leaves out of the float objective's."""
    if network.objective == "projection":
        return 1.0
    if network.objective == "class-goodness":
        return 4.0 / (layer.out_features // network.classes) * (2 if network.squares else 1)
    return 2 * options["sharpness"] / layer.out_features


def first_goodness(network, x, label):
    """What the first layer sums up for a label, by the definition."""
    rail = with_labels(network, prepared(network, x[None]), np.array([label]))
    return sum(int(h) ** 2 for h in activity(network.layers[0], rail)[0])


def float_steps(network, options, x, label):
    """One gradient step of autograd per layer, in units of the integers that it moves."""
    wrongs = [c for c in range(network.classes) if c != label]
    if network.hardest:
        wrongs = [max(wrongs, key=lambda wrong: first_goodness(network, x, wrong))]
    threshold = network.objective == "threshold"
    steps = [dict.fromkeys(PARTS, 0.0) for _ in network.layers]
    for wrong in wrongs if threshold else [label]:
        rails = prepared(network, x[None])
        if threshold:
            rails = with_labels(network, np.repeat(rails, 2, axis=0), np.array([label, wrong]))
        for place, layer in zip(steps, network.layers, strict=True):
            inputs = torch.from_numpy(rails / 2.0**INPUT_BITS)
            weight = torch.from_numpy(layer.weight / 2.0**layer.weight_bits).requires_grad_()
            bits = layer.weight_bits + INPUT_BITS
            bias = torch.from_numpy(layer.bias / 2.0**bits).requires_grad_()
            directions = torch.from_numpy(layer.directions / 2.0**layer.direction_bits)
            directions.requires_grad_()
            h_int = activity(layer, rails)
            h = F.relu(F.linear(inputs, weight, bias))
            # Straight through: the gradient flows into `h`, its value is the integer one.
            h = h + (torch.from_numpy(h_int / 2.0**layer.activity_bits) - h).detach()
            loss = float_loss(network, options, layer, h, directions, label)
            (loss / constant_factor(network, options, layer)).backward()
            rate = RATES[network.objective]
            share = 1 / (len(wrongs) if threshold else 1)
            pace = 2.0 ** -round(math.log2(layer.in_features / rate)) * share
            moved = pace * weight.grad.numpy() * 2.0**layer.weight_bits
            if layer is network.layers[0]:
                # Read with more bits and kept with fewer: both divide the step of the integers.
                moved[:, network.inputs :] /= 4**LABEL_GAIN_BITS
            place["weight"] -= moved
            place["bias"] -= pace * bias.grad.numpy() * 2.0**bits
            if network.objective == "projection":
                pace = 2.0 ** -round(math.log2(layer.out_features / rate))
                scale = pace * 2.0**layer.direction_bits
                place["directions"] -= scale * directions.grad.numpy()
            rails = normalised(h_int)
    return steps


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "options", "negatives"), VARIANTS)
def test_the_mean_update_is_a_gradient_step_of_the_float_objective(
    blobs, fresh, objective, options, negatives
):
    quantised = fresh(blobs, objective, options, negatives)
    network, x = quantised.network, quantised.scaling.apply(blobs.train.x[:1])[0]
    expected = float_steps(network, options, x, 1)
    assert all(layer.direction_shift >= 0 < layer.rate_shift for layer in network.layers)

    found = mean_updates(network, x, 1)

    for layer, (mine, theirs) in enumerate(zip(found, expected, strict=True)):
        for part in PARTS[: 3 if objective == "projection" else 2]:
            mean, error = mine[part]
            size, noise = np.linalg.norm(theirs[part]), np.linalg.norm(error)
            # All rounding is exact in the mean, so what is left is the exponential table,
            # 16 steps per nat and up to 6.5 % too high, and the noise of the draws.
            assert noise < 0.2 * size, (layer, part)
            off = np.linalg.norm(mean - theirs[part])
            assert off <= TABLE_ERROR * size + 1.5 * noise, (layer, part)
