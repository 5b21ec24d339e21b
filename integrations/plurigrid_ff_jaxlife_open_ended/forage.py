"""The habitat of a triad: an agent meets samples, and its action is the class it takes them for.

A right guess is food. Nobody tells an agent what would have been right: it learns from what its own
guess brought, as in a bandit.
"""

from functools import partial
from typing import TYPE_CHECKING

from plurigrid_ff_jaxlife_open_ended.backend import jax, jnp
from plurigrid_ff_jaxlife_open_ended.brain import goodness, learn, unit_rms
from plurigrid_ff_jaxlife_open_ended.life import Fate, Population, Rules, choose, turn_over

if TYPE_CHECKING:
    from jax import Array


@partial(jax.jit, static_argnames="max_births", donate_argnums=0)
def forage(
    people: Population,
    rules: Rules,
    met: "Array",
    label: "Array",
    step: "Array",
    *,
    max_births: int,
) -> tuple[Population, "Array"]:
    """Let every agent meet a sample, guess, eat if it is right, and learn; then some die and breed.

    Args:
        people: Before; its buffers are taken over and cannot be used again.
        rules: The numbers.
        met: The sample that each meets, not yet scaled, shape ``(agents, features)``.
        label: Its class, shape ``(agents,)``.
        step: Number of the step.
        max_births: At most so many children.

    Returns:
        The population after the step, and the share of the living that was right.
    """
    guessing, living = jax.random.split(jax.random.fold_in(rules.key, step))
    x = unit_rms(met)
    action = choose(guessing, goodness(people.brains, x), rules.exploration)
    fed = people.alive & (action == label)
    rate = jnp.where(people.alive, rules.learning_rate, 0.0)
    brains = learn(people.brains, x, action, fed.astype(x.dtype), rate, rules.slopes)
    nothing = Fate(jnp.int32(0), jnp.int32(0))
    right = fed.sum() / jnp.maximum(people.alive.sum(), 1)
    turned = turn_over(living, people._replace(brains=brains), fed, rules, nothing, max_births)
    return turned.population, right
