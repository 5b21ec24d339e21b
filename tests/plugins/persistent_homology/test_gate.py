import numpy as np
from plurigrid_ff_persistent_homology.comparison import Comparison, Shares
from plurigrid_ff_persistent_homology.gate import Layer, rule

BASE = np.array([[0.30, 0.31, 0.29, 0.30, 0.32]])


def layer(ratio, *, index=0, noise=0.01):
    wobble = noise * np.array([[1, -1, 0.5, -0.5, 0]])
    return Layer(
        "agent-0", index, Comparison(Shares(ratio * BASE + wobble, 400), Shares(BASE, 400))
    )


def ruling(*layers, limit=1.0, least_drop=0.1, confidence=0.95):
    return rule(layers, limit=limit, least_drop=least_drop, confidence=confidence)


def test_layers_that_all_separate_better_pass():
    found = ruling(layer(0.6), layer(0.8, index=1))

    assert found.passed is True
    assert found.layer.index == 1  # the worst layer is what a pass turns on
    assert found.limit == 1.0


def test_one_layer_that_mixes_fails_the_run():
    found = ruling(layer(0.6), layer(1.3, index=1))

    assert found.passed is False
    assert "mixes" in found.because
    assert found.layer.ratio > found.limit


def test_training_that_changes_nothing_fails_the_run():
    found = ruling(layer(1.0, noise=0), layer(0.99, index=1, noise=0.001))

    assert found.passed is False
    assert found.limit == 0.9
    assert found.layer.index == 1  # the best layer, and even it did not learn
    assert found.layer.ratio > found.limit


def test_training_that_changes_nothing_passes_where_no_drop_is_asked_for():
    assert ruling(layer(1.0, noise=0), least_drop=0).passed is True


def test_a_layer_that_sat_out_does_not_spoil_the_run():
    assert ruling(layer(1.0, noise=0), layer(0.6, index=1)).passed is True


def test_noise_makes_the_run_undecidable():
    found = ruling(layer(0.95, noise=0.1))

    assert found.passed is None
    assert "tell the ratio from the limit" in found.because


def test_a_small_fall_leaves_open_whether_anything_was_learnt():
    found = ruling(layer(0.9, noise=0.005))

    assert found.passed is None
    assert "whether any layer learnt" in found.because


def test_a_stricter_limit_fails_what_the_default_passes():
    assert ruling(layer(0.7)).passed is True
    assert ruling(layer(0.7), limit=0.5).passed is False


def test_more_layers_make_it_harder_to_fail_one_of_them():
    doubtful = layer(1.1, noise=0.03)

    alone = ruling(doubtful, least_drop=0)
    among_many = ruling(doubtful, *(layer(0.6, index=i) for i in range(1, 60)), least_drop=0)

    assert alone.passed is False
    assert among_many.passed is None


def test_a_layer_that_mixes_what_was_apart_is_the_worst():
    apart = Shares(np.zeros((1, 5)), 400)
    mixed = Layer("agent-0", 1, Comparison(Shares(BASE, 400), apart))

    found = ruling(layer(0.5), mixed)

    assert found.passed is False
    assert found.layer is mixed
