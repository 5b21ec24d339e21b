"""Variation of settings: one gene of a parent changes."""

from collections.abc import Sequence

from plurigrid_ff.config import NetworkConfig, Settings, TrainingConfig
from plurigrid_ff.derivation import draw
from plurigrid_ff.errors import PlurigridError

SMALLEST_RATE, LARGEST_RATE = 1e-5, 0.1
LARGEST_WIDTH = 4000
GENES = ("weights", "width", "learning-rate", "options", "negatives", "objective")
"""``weights``: the settings stay, only inherited weights change."""


class Genome(Settings):
    """What is inherited beside weights: a network's settings, and how it learns."""

    network: NetworkConfig
    training: TrainingConfig


def vary(
    parent: Genome, key: int, *, classes: int, objectives: Sequence[str] = ()
) -> tuple[Genome, str]:
    """Change one gene, drawn evenly.

    Args:
        parent: Whose genome it is.
        key: Of the draws.
        classes: Number of classes; widths are multiples of it, so that any objective can learn.
        objectives: Those that a child may change to.

    Returns:
        The child's genome and the gene that changed; ``weights`` where the drawn one had no
        other value, or none that the rest of the genome allows.
    """
    gene = GENES[draw(key, 0) % len(GENES)]
    try:
        child = _changed(parent, gene, key, classes, objectives)
    except PlurigridError:  # the objective does not take it
        return parent, "weights"
    return (parent, "weights") if child == parent else (child, gene)


def _changed(
    parent: Genome, gene: str, key: int, classes: int, objectives: Sequence[str]
) -> Genome:
    """Change a certain gene."""
    from plurigrid_ff.learning.negatives import accepted_negatives, find_negatives
    from plurigrid_ff.learning.objectives import find_objective, parse_options

    network, training = parent.network, parent.training
    which, share = draw(key, 1), 2 * (draw(key, 2) >> 11) / (1 << 53) - 1  # in [-1, 1)
    if gene == "width":
        place = which % len(network.hidden)
        width = network.hidden[place]
        if isinstance(width, int):
            units = min(max(round(width * 2**share / classes), 1) * classes, LARGEST_WIDTH)
            hidden = (*network.hidden[:place], units, *network.hidden[place + 1 :])
            network = network.model_copy(update={"hidden": hidden})
    elif gene == "learning-rate" and isinstance(training.learning_rate, float):
        rate = min(max(training.learning_rate * 10 ** (share / 2), SMALLEST_RATE), LARGEST_RATE)
        training = training.model_copy(update={"learning_rate": rate})
    elif gene == "options":
        options = parse_options(network.objective, network.options).model_dump(mode="json")
        numbers = sorted(name for name, value in options.items() if isinstance(value, float))
        if numbers:
            name = numbers[which % len(numbers)]
            options = {**options, name: options[name] * 2**share}
            parse_options(network.objective, options)
            network = network.model_copy(update={"options": options})
    elif gene == "negatives":
        sources = accepted_negatives(find_objective(network.objective))
        other = network.model_copy(update={"negatives": sources[which % len(sources)]})
        if find_negatives(other) is not find_negatives(network):  # "auto" may be the same by name
            network = other
    elif gene == "objective":
        others = sorted(set(objectives) - {network.objective})
        if others:
            chosen = {"objective": others[which % len(others)], "options": {}, "negatives": "auto"}
            network = network.model_copy(update=chosen)
            find_negatives(network)
    return Genome(network=network, training=training)
