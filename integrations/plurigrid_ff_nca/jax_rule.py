"""The growing automaton as a pure JAX function, for cax and other JAX programs.

Arrays have channels last, as cax's do. The function takes and returns arrays only, so ``jit``,
``vmap``, ``scan`` and ``grad`` work on it; a cax ``ComplexSystem`` calls it in ``_step``.
"""

from typing import TYPE_CHECKING, Any

from plurigrid_ff.errors import ConfigError, MissingExtraError
from plurigrid_ff_nca.growing.cells import ALIVE, ALPHA, MAX_STATE, MAX_UPDATE

if TYPE_CHECKING:
    from jax import Array

    from plurigrid_ff_nca.growing.automaton import Automaton

try:
    import jax
    import jax.numpy as jnp
except ImportError as error:
    raise MissingExtraError(
        "plurigrid_ff_nca.jax_rule needs jax: pip install 'plurigrid-ff[jax]'"
    ) from error

Weights = dict[str, Any]


def weights_of(automaton: "Automaton") -> Weights:
    """Return what :func:`step` needs of a trained automaton, as arrays.

    Raises:
        ConfigError: Another learner than the goodness difference.
    """
    config = automaton.config
    if config.learner != "goodness-difference":
        raise ConfigError(
            f"jax rule: expected learner 'goodness-difference', got {config.learner!r}"
        )
    held = {name: jnp.asarray(value.numpy()) for name, value in _named(automaton).items()}
    # (channels * kernels, 1, 3, 3) -> (3, 3, 1, channels * kernels), as JAX convolves.
    held["kernel"] = held["kernel"].transpose(2, 3, 1, 0)
    held["gain"] = jnp.float32(config.gain)
    # Without the clamp, both bounds are infinite: no branch, so one trace serves both.
    held["max_update"] = jnp.float32(MAX_UPDATE if config.clamp else jnp.inf)
    held["max_state"] = jnp.float32(MAX_STATE if config.clamp else jnp.inf)
    return held


def step(weights: Weights, state: "Array", fires: "Array") -> "Array":
    """Return the state one step later.

    Args:
        weights: What :func:`weights_of` returned.
        state: Shape ``(height, width, channels)``.
        fires: Which cells update, shape ``(height, width, 1)``, bool or 0 and 1.
    """
    x = jax.lax.conv_general_dilated(
        state[None],
        weights["kernel"],
        window_strides=(1, 1),
        padding="SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=state.shape[-1],
    )[0]
    h = jax.nn.relu(x @ weights["weight"].T + weights["bias"])
    aim = jnp.square(h) @ weights["sign"].T
    delta = weights["gain"] * (aim - state)
    bound, largest = weights["max_update"], weights["max_state"]
    before = _alive(state)
    moved = jnp.clip(state + jnp.clip(delta, -bound, bound) * fires, -largest, largest)
    after: Array = moved * (before & _alive(moved))
    return after


def draw_fires(key: "Array", state: "Array", fire_rate: float) -> "Array":
    """Draw which cells update, ``(height, width, 1)``."""
    return jax.random.bernoulli(key, fire_rate, (*state.shape[:2], 1))


def _alive(state: "Array") -> "Array":
    """Mark cells near one whose alpha exceeds 0.1, ``(height, width, 1)``."""
    alpha = state[..., ALPHA : ALPHA + 1]
    largest = jax.lax.reduce_window(alpha, -jnp.inf, jax.lax.max, (3, 3, 1), (1, 1, 1), "SAME")
    near: Array = largest > ALIVE
    return near


def _named(automaton: "Automaton") -> dict[str, Any]:
    """Return the tensors of an automaton by their names in :func:`step`."""
    update = automaton.update.state_dict()
    return {
        "weight": update["transform.weight"],
        "bias": update["transform.bias"],
        "sign": update["sign"],
        "kernel": automaton.kernel,
    }
