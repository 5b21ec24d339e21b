import subprocess
import sys

import numpy as np
import pytest
from plurigrid_ff_gay_mcp import SKILL
from plurigrid_ff_gay_mcp.class_colors import draw_class_colors
from plurigrid_ff_gay_mcp.painter import PaintingLayer, log_probabilities, make_layers

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.schemes import color_at
from plurigrid_ff.colors.vision import least_distance
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.host.skill import Role
from plurigrid_ff.host.wiring import wiring_faults
from plurigrid_ff.testing import check_skill


def test_the_skill_keeps_the_contract():
    check_skill(SKILL, settings={"hidden": [8, 8]})


def test_it_fits_with_the_installed_validator_and_coordinator():
    import plurigrid_ff_open_games
    import plurigrid_ff_persistent_homology

    cards = {
        Role.GENERATOR: SKILL.card,
        Role.COORDINATOR: plurigrid_ff_open_games.SKILL.card,
        Role.VALIDATOR: plurigrid_ff_persistent_homology.SKILL.card,
    }

    assert wiring_faults(cards) == []


def test_the_gradient_is_that_of_finite_differences():
    rng = np.random.default_rng(0)
    layer = PaintingLayer(5, 4, key=1)
    x, target = rng.normal(size=(2, 7, 5))[0], rng.normal(size=(7, 3))
    layer.weights = layer.weights.astype(np.float64)
    layer.readout = layer.readout.astype(np.float64)

    def loss():
        return ((layer.paint(layer.forward(x)) - target) ** 2).sum(axis=1).mean()

    found = layer.gradient(x, target)
    for place in np.ndindex(layer.weights.shape):
        kept = layer.weights[place]
        ends = []
        for step in (1e-6, -1e-6):
            layer.weights[place] = kept + step
            ends.append(loss())
        layer.weights[place] = kept
        np.testing.assert_allclose(found[place], (ends[0] - ends[1]) / 2e-6, rtol=1e-4, atol=1e-6)


def test_layers_learn_to_paint_two_classes():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = (rng.normal(size=(60, 6)) + 2 * np.where(y, 1, -1)[:, None] * np.eye(6)[0]).astype("f4")
    colors = np.array([[1, 0, 0], [-1, 0, 0]], dtype=np.float32) * 2
    layers = make_layers(6, (16, 16), seed=3, agent="agent-0")

    def accuracies():
        shown, right = x, []
        for layer in layers:
            shown = layer.forward(shown)
            right.append((log_probabilities(layer.paint(shown), colors).argmax(axis=1) == y).mean())
        return right

    before = accuracies()
    for _ in range(100):
        shown = x
        for layer in layers:
            layer.step(shown, colors[y], 0.01)
            shown = layer.forward(shown)

    assert min(accuracies()) > 0.95 > max(before)


def test_log_probabilities_are_those_of_a_softmax():
    colors = np.array([[0, 0, 0], [1, 0, 0]], dtype=np.float32)
    logs = log_probabilities(np.array([[0, 0, 0]], dtype=np.float32), colors)

    np.testing.assert_allclose(np.exp(logs), [[1 / (1 + np.e**-1), 1 / (1 + np.e)]])


def test_classes_get_the_colours_of_the_seed_less_those_too_near():
    drawn = draw_class_colors(1069, 10, "gay_mcp", 0.1)

    # Index 2, #D06546, is nearer than that to index 1.
    assert [color.hex for color in drawn[:3]] == ["#E67F86", "#1316BB", "#BA2645"]
    assert least_distance(srgb_of([color.hex for color in drawn])) >= 0.1
    assert all(color == color_at(1069, color.index) for color in drawn)


def test_more_classes_than_colours_that_part_are_refused():
    with pytest.raises(ConfigError, match=r"least_distance: only \d+ of the first 200 colours"):
        draw_class_colors(0, 100, "gay_mcp", 0.3)


def test_the_skill_is_offered_without_numpy():
    code = "import sys, plurigrid_ff_gay_mcp; print({'numpy', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
