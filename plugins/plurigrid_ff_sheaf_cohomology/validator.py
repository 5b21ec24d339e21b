"""The validator: may weights be averaged along these maps?"""

from collections.abc import Sequence

import numpy as np

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    EDGE_MAPS,
    PARAMETERS,
    EdgeMaps,
    Inbox,
    LayerActivities,
    PerAgent,
)
from plurigrid_ff.learning.probed import ProbedNetwork
from plurigrid_ff.results import Verdict
from plurigrid_ff.sheaves.localisation import Localisation
from plurigrid_ff.sheaves.units import UnitSymmetry
from plurigrid_ff_sheaf_cohomology import SheafCohomologyConfig, evidence
from plurigrid_ff_sheaf_cohomology.findings import Finding, examine, find_culprit
from plurigrid_ff_sheaf_cohomology.trial import Trial, try_section

SKILL_NAME = "sheaf-cohomology"


class SheafCohomology:
    """Validator of maps between agents. Stateless; the same inbox gives the same verdict.

    Two claims about every layer must hold before weights are averaged along the maps: they
    close round cycles, and they join units that say the same of the probes, about as well as
    any maps could. Where either fails, averaging mixes units that have nothing in common. Maps
    can hold both and a merge still lose, where agents have learned too little or too different
    things: so the global section nearest to their weights is tried on the labelled probes.

    Args:
        config: Limits.
        symmetry: The orders of units that the networks allow.
        network: The network that all agents have, scored on the labelled probes.
    """

    def __init__(
        self, config: SheafCohomologyConfig, symmetry: UnitSymmetry, network: ProbedNetwork
    ) -> None:
        self.config = config
        self.symmetry = symmetry
        self.network = network

    def validate(self, inbox: Inbox) -> Verdict:
        """Judge the maps, before anything is averaged along them.

        Raises:
            PluginError: Maps and activities do not fit the networks.
            AlignmentError: Parameters do not.
        """
        maps, activities = inbox[EDGE_MAPS], inbox[ACTIVITIES]
        agents = [agent for agent in inbox.society.agents if agent in activities]
        if not maps:
            return self._without_measure(
                None, "The society has no edge, so there is nothing to agree on."
            )
        probes = len(inbox.society.labels)
        if probes < self.config.min_probes:
            return self._without_measure(
                None,
                f"{probes} probes are too few to tell what agents say, at least "
                f"{self.config.min_probes} are needed.",
            )
        for agent in agents:
            for index, h in enumerate(activities[agent].layers):
                if not np.isfinite(h).all():
                    reason = f"Layer {index + 1} of {agent} has activities that are not finite."
                    return self._without_measure(False, reason)
        self._require_fit(agents, maps, activities)
        depth = range(len(self.symmetry.units))
        parameters = inbox[PARAMETERS]
        findings = [
            examine(agents, maps, activities, parameters, self.symmetry, layer) for layer in depth
        ]
        trial = try_section(self.network, agents, parameters, maps, self.symmetry)
        return self._judge(findings, trial, find_culprit(agents, findings), probes)

    def _judge(
        self,
        findings: Sequence[Finding],
        trial: Trial,
        localisation: Localisation,
        probes: int,
    ) -> Verdict:
        """Hold maps and trial to their limits; say which refuses, and which claim it is."""
        claims = [
            (found.defect, self.config.holonomy, found, "holonomy defect") for found in findings
        ]
        claims += [(found.misfit, self.config.misfit, found, "misfit") for found in findings]
        measure, limit, worst, name = max(claims, key=lambda claim: claim[0] / claim[1])
        refusing = [
            who
            for who, refuses in (
                ("the maps", measure > limit),
                ("the trial", trial.loss > self.config.loss),
            )
            if refuses
        ]
        meaning = f"refused by {' and '.join(refusing)}" if refusing else "may be averaged"
        reason = (
            f"Merge {meaning}: {name} {measure:.2f} in layer {worst.layer + 1} "
            f"(limit {limit:.2f}), h0 = {worst.cohomology.h0}, h1 = {worst.cohomology.h1}, "
            f"{worst.retained:.0%} of the variance retained; agreement takes accuracy on {probes} "
            f"probes from {trial.local:.1%} to {trial.section:.1%} "
            f"(largest loss {self.config.loss:.1%}); {localisation.reason}."
        )
        if trial.loss / self.config.loss > measure / limit:
            measure, limit = trial.loss, self.config.loss
        return Verdict(
            passed=not refusing,
            measure=measure,
            limit=limit,
            reason=reason,
            tables=(
                evidence.layer_table(findings),
                evidence.trial_table(trial, probes),
                evidence.edge_table(findings),
                evidence.culprit_table(localisation),
            ),
            charts=(evidence.discord_chart(findings),),
        )

    def _without_measure(self, passed: bool | None, reason: str) -> Verdict:
        """Return a verdict for which nothing was, or could be, measured."""
        return Verdict(passed=passed, measure=None, limit=self.config.holonomy, reason=reason)

    def _require_fit(
        self, agents: Sequence[str], maps: EdgeMaps, activities: PerAgent[LayerActivities]
    ) -> None:
        """Refuse maps and activities that do not belong to the networks.

        Raises:
            PluginError: The first agent or edge that does not fit.
        """
        pairs = zip(self.symmetry.units, self.symmetry.cells, strict=True)
        widths = tuple(units * cells for units, cells in pairs)
        for agent in agents:
            got = tuple(h.shape[1] for h in activities[agent].layers)
            if got != widths:
                raise PluginError(
                    f"{SKILL_NAME}: activities of agent {agent!r} must have {widths} units per "
                    f"layer, got {got}"
                )
        for (u, v), layers in maps.items():
            got = tuple(len(p) for p in layers)
            if u not in agents or v not in agents or got != widths:
                raise PluginError(
                    f"{SKILL_NAME}: the maps of edge {u!r} - {v!r} must join two agents that have "
                    f"activities, and permute {widths} units per layer, got {got}"
                )
