"""What the validator requires of the activities that it is shown."""

import numpy as np

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import LayerActivities, PerAgent

WHERE = "persistent-homology"


def find_broken(activities: PerAgent[LayerActivities], when: str) -> str | None:
    """Return a sentence naming the first activities that are not finite, or None."""
    for agent, seen in activities.items():
        for index, values in enumerate((seen.inputs, *seen.layers)):
            bad = int(np.size(values) - np.isfinite(values).sum())
            if bad:
                part = f"Layer {index} of {agent}" if index else f"The input of {agent}"
                return f"{part} has {bad} activities that are not finite{when}."
    return None


def require_alike(
    trained: PerAgent[LayerActivities], untrained: PerAgent[LayerActivities], probes: int
) -> None:
    """Check that both ports speak of the same agents, layers and probes.

    Raises:
        PluginError: They do not.
    """
    if not trained or trained.keys() != untrained.keys():
        raise PluginError(
            f"{WHERE}: ports 'activities' and 'initial-activities' must hold the same "
            f"agents, at least one, got {sorted(trained)} and {sorted(untrained)}"
        )
    for agent in trained:
        counts = len(trained[agent].layers), len(untrained[agent].layers)
        if counts[0] != counts[1] or not counts[0]:
            raise PluginError(
                f"{WHERE}: agent {agent!r} must have the same layers in 'activities' and "
                f"'initial-activities', at least one, got {counts[0]} and {counts[1]}"
            )
        for seen in (trained[agent], untrained[agent]):
            lengths = {len(values) for values in (seen.inputs, *seen.layers)}
            if lengths != {probes}:
                raise PluginError(
                    f"{WHERE}: activities of agent {agent!r} must have {probes} rows, one "
                    f"per probe, got {sorted(lengths)}"
                )
