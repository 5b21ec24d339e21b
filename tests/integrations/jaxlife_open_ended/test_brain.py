import jax
import jax.numpy as jnp
import numpy as np
import pytest
from plurigrid_ff_jaxlife_open_ended.brain import (
    Brains,
    Slopes,
    draw_brains,
    goodness,
    learn,
)

AGENTS, HIDDEN, FEATURES, ACTIONS = 5, 4, 7, 3


@pytest.fixture
def drawn():
    """Brains, what they see, what they do and what it brought, in float64."""
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        brains = Brains(
            jnp.asarray(rng.normal(size=(AGENTS, HIDDEN, FEATURES + ACTIONS))),
            jnp.asarray(rng.normal(size=(AGENTS, HIDDEN))),
        )
        x = jnp.asarray(rng.normal(size=(AGENTS, FEATURES)))
        action = jnp.asarray(rng.integers(0, ACTIONS, AGENTS))
        target = jnp.asarray(rng.random(AGENTS))
        yield brains, x, action, target, Slopes(jnp.float64(0.7), jnp.float64(3.0))


def test_the_closed_form_is_the_gradient_of_the_cross_entropy(drawn):
    brains, x, action, target, slopes = drawn
    rate = jnp.array([0.3, 0.1, 0.0, 2.0, 0.5])

    def loss(brains):
        g = jnp.take_along_axis(goodness(brains, x), action[:, None], 1)[:, 0]
        odds = slopes.sharpness * (g - slopes.threshold)
        # -y log p - (1 - y) log (1 - p), without the logarithm of 0.
        return (jax.nn.softplus(odds) - target * odds).sum()

    gradient = jax.jit(jax.grad(loss))(brains)

    learned = jax.jit(learn)(brains, x, action, target, rate, slopes)
    assert learned.weight.dtype == np.float64
    for new, old, slope in zip(learned, brains, gradient, strict=True):
        steps = rate.reshape(-1, *(1 for _ in old.shape[1:])) * slope
        np.testing.assert_allclose(new, old - steps, rtol=1e-10, atol=1e-12)


def test_an_agent_learns_from_its_own_life_alone(drawn):
    brains, x, action, target, slopes = drawn
    rate = jnp.zeros(AGENTS).at[2].set(0.1)

    learned = jax.jit(learn)(brains, x, action, target, rate, slopes)

    changed = np.abs(np.asarray(learned.weight - brains.weight)).max(axis=(1, 2)) > 0
    assert changed.tolist() == [False, False, True, False, False]


def test_founders_differ_and_have_the_deviation_of_he():
    brains = draw_brains(np.random.default_rng(0), 50, 8, 20, 4)
    weight = np.asarray(brains.weight)

    assert weight.dtype == np.float32
    assert abs(weight.std() / (2 / 24) ** 0.5 - 1) < 0.02
    assert not np.array_equal(weight[0], weight[1])
