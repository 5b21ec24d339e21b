"""The validator: would agreement under these maps leave anything of what the agents say?"""

from collections.abc import Sequence

import numpy as np

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import ACTIVITIES, EDGE_MAPS, EdgeMaps, Inbox, LayerActivities
from plurigrid_ff.results import Verdict
from plurigrid_ff.sheaves.localisation import Localisation
from plurigrid_ff_sheaf_cohomology import SheafCohomologyConfig, evidence
from plurigrid_ff_sheaf_cohomology.findings import Finding, examine, find_culprit

SKILL_NAME = "sheaf-cohomology"


class SheafCohomology:
    """Validator of maps between agents. Stateless; the same inbox gives the same verdict.

    Args:
        config: Limits.
    """

    def __init__(self, config: SheafCohomologyConfig) -> None:
        self.config = config

    def validate(self, inbox: Inbox) -> Verdict:
        """Judge the maps by what agreement under them would take from the activities.

        Raises:
            PluginError: Maps and activities do not fit each other.
        """
        maps, activities = inbox[EDGE_MAPS], inbox[ACTIVITIES]
        agents = [agent for agent in inbox.society.agents if agent in activities]
        if not maps:
            return self._undecided("The society has no edge, so there is nothing to agree on.")
        probes = len(inbox.society.labels)
        if probes < self.config.min_probes:
            return self._undecided(
                f"{probes} probes are too few to tell what agents say, at least "
                f"{self.config.min_probes} are needed."
            )
        for agent in agents:
            for index, h in enumerate(activities[agent].layers):
                if not np.isfinite(h).all():
                    reason = f"Layer {index + 1} of {agent} has activities that are not finite."
                    return Verdict(
                        passed=False, measure=None, limit=self.config.limit, reason=reason
                    )
        depth = _require_fit(agents, maps, [activities[agent] for agent in agents])
        findings = [examine(agents, maps, activities, layer) for layer in range(depth)]
        return self._judge(findings, find_culprit(agents, findings))

    def _judge(self, findings: Sequence[Finding], localisation: Localisation) -> Verdict:
        """Compare the worst layer with the limit."""
        worst = min(findings, key=lambda found: found.retained)
        lost = 1 - worst.retained
        passed = lost <= self.config.limit
        verb = "keeps" if passed else "would keep only"
        reason = (
            f"Agreement under the maps {verb} {worst.retained:.0%} of the variance of layer "
            f"{worst.layer + 1} (at least {1 - self.config.limit:.0%} are asked for); holonomy "
            f"defect {worst.defect:.2f}, h0 = {worst.cohomology.h0}, h1 = {worst.cohomology.h1}; "
            f"{localisation.reason}."
        )
        return Verdict(
            passed=passed,
            measure=lost,
            limit=self.config.limit,
            reason=reason,
            tables=(
                evidence.layer_table(findings),
                evidence.edge_table(findings),
                evidence.culprit_table(localisation),
            ),
            charts=(evidence.discord_chart(findings),),
        )

    def _undecided(self, reason: str) -> Verdict:
        """Return a verdict on nothing."""
        return Verdict(passed=None, measure=None, limit=self.config.limit, reason=reason)


def _require_fit(
    agents: Sequence[str], maps: EdgeMaps, activities: Sequence[LayerActivities]
) -> int:
    """Return the number of layers, the same for all agents and maps.

    Raises:
        PluginError: The first edge whose maps do not fit the activities.
    """
    widths = {tuple(h.shape[1] for h in seen.layers) for seen in activities}
    if len(widths) != 1:
        raise PluginError(
            f"{SKILL_NAME}: agents must have layers of the same widths, got "
            f"{' and '.join(map(str, sorted(widths)))}"
        )
    (width,) = widths
    for (u, v), layers in maps.items():
        got = tuple(len(p) for p in layers)
        if u not in agents or v not in agents or got != width:
            raise PluginError(
                f"{SKILL_NAME}: the maps of edge {u!r} - {v!r} must join two agents with "
                f"activities, units {width} per layer, got {got}"
            )
    return len(width)
