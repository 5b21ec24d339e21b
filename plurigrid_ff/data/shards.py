"""Shards: which training samples each agent of a society learns from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from plurigrid_ff.derivation import derive_key, draw, shuffled
from plurigrid_ff.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WHERE = "society.shards"


def deal_shards(
    y: "NDArray[np.int64]",
    agents: Sequence[str],
    shards: str,
    *,
    class_names: Sequence[str],
    seed: int,
) -> "dict[str, NDArray[np.intp]]":
    """Deal training samples to agents: every sample to exactly one.

    Whose sample it is follows from the seed and the agents' names alone, not from the order in
    which they are given.

    Args:
        y: Classes of the training samples, shape ``(samples,)``.
        agents: Their names.
        shards: ``iid``, or ``classes:N``: N classes per agent, so that every class has about
            equally many agents, who share its samples equally.
        class_names: One name per class.
        seed: The run's seed.

    Returns:
        Places in ``y``, ascending, by agent.

    Raises:
        DataError: There are fewer classes than asked for, agents that cannot hold all of them
            together, or an agent whose shard has less than two classes.
    """
    kind, _, number = shards.partition(":")
    names = sorted(agents)
    if kind == "iid":
        order = shuffled(derive_key(seed, "society", "shards"), len(y))
        dealt = {name: order[place :: len(names)] for place, name in enumerate(names)}
    else:
        held = _deal_classes(names, int(number), class_names, seed)
        dealt = _share_classes(y, held, len(class_names), seed)
    for name, places in dealt.items():
        places.sort()
        seen = len(set(y[places].tolist()))
        if seen < 2:
            raise DataError(
                f"{WHERE}: the shard of {name} has {len(places)} samples of {seen} classes, but "
                "a network tells at least two apart; take fewer agents, or more samples"
            )
    return {name: dealt[name] for name in agents}


def _deal_classes(
    names: Sequence[str], number: int, class_names: Sequence[str], seed: int
) -> dict[str, list[int]]:
    """Choose each agent's classes: those that fewest agents have so far, ties by draw."""
    classes = len(class_names)
    if number > classes:
        raise DataError(
            f"{WHERE}: asks for {number} classes per agent, but there are {classes}; "
            f"take 'classes:{classes}' at most"
        )
    if number < 2:
        raise DataError(
            f"{WHERE}: 'classes:{number}' leaves nothing to tell apart; take 'classes:2' at least"
        )
    if number * len(names) < classes:
        enough = -(-classes // len(names))
        raise DataError(
            f"{WHERE}: {len(names)} agents with {number} classes each leave "
            f"{classes - number * len(names)} of {classes} classes to nobody; take "
            f"'classes:{enough}' at least, or more agents"
        )
    holders = [0] * classes
    held = {}
    for name in names:
        key = derive_key(seed, "society", "classes", name)
        draws = [draw(key, label) for label in range(classes)]
        held[name] = sorted(range(classes), key=lambda c: (holders[c], draws[c]))[:number]
        for label in held[name]:
            holders[label] += 1
    return held


def _share_classes(
    y: "NDArray[np.int64]", held: Mapping[str, Sequence[int]], classes: int, seed: int
) -> "dict[str, NDArray[np.intp]]":
    """Share every class's samples among the agents that have it."""
    import numpy as np

    parts: dict[str, list[NDArray[np.intp]]] = {name: [] for name in held}
    for label in range(classes):
        places = np.flatnonzero(y == label)
        order = places[shuffled(derive_key(seed, "society", "shards", label), len(places))]
        owners = [name for name, own in held.items() if label in own]
        for place, name in enumerate(owners):
            parts[name].append(order[place :: len(owners)])
    return {name: np.concatenate(own) for name, own in parts.items()}
