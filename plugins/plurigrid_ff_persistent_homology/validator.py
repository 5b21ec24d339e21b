"""The validator: does training keep the classes less entangled than it found them?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.digest import digest
from plurigrid_ff.host.ports import ACTIVITIES, INITIAL_ACTIVITIES, Inbox, LayerActivities, PerAgent
from plurigrid_ff.results import Verdict
from plurigrid_ff_persistent_homology import PersistentHomologyConfig, evidence, movement
from plurigrid_ff_persistent_homology.clouds import distances_between, is_collapsed, scale_rows
from plurigrid_ff_persistent_homology.comparison import Comparison, block_shares, deal_blocks
from plurigrid_ff_persistent_homology.connected import cross_class_shares, deaths
from plurigrid_ff_persistent_homology.diagrams import Diagrams, activity_diagrams
from plurigrid_ff_persistent_homology.evidence import Finding
from plurigrid_ff_persistent_homology.gate import Layer, Ruling, rule
from plurigrid_ff_persistent_homology.history import (
    FILE,
    UNTRAINED,
    AgentDiagrams,
    DiagramHistory,
    Origin,
)
from plurigrid_ff_persistent_homology.inputs import find_broken, require_alike
from plurigrid_ff_persistent_homology.probes import choose_probes, count_blocks, too_few
from plurigrid_ff_persistent_homology.rips import find_loops

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SKILL_NAME = "persistent-homology"
DEALS = 16
"""Deals of the probes into blocks, over which shares are averaged."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The probes that are looked at, and how they are dealt into blocks."""

    indices: "NDArray[np.intp]"
    labels: "NDArray[np.int64]"
    dealt: "NDArray[np.intp]"


class PersistentHomology:
    """Validator of layer activities. Keeps every round's diagrams, to tell how far they moved.

    Args:
        config: Limits and sizes.
    """

    def __init__(self, config: PersistentHomologyConfig) -> None:
        self.config = config
        self.history = DiagramHistory()

    def validate(self, inbox: Inbox) -> Verdict:
        """Judge the round's activities against those of the untrained networks."""
        trained, untrained = inbox[ACTIVITIES], inbox[INITIAL_ACTIVITIES]
        labels = inbox.society.labels
        require_alike(trained, untrained, len(labels))
        broken = find_broken(trained, "") or find_broken(untrained, " before training")
        if broken:
            return self._without_measure(False, broken)
        key = derive_key(inbox.society.seed, SKILL_NAME)
        chosen = choose_probes(labels, count=self.config.probes, key=derive_key(key, "probes"))
        reason = too_few(labels[chosen], least=self.config.min_probes)
        if reason:
            return self._without_measure(None, f"{reason}.")
        self.history.origin = Origin(
            probes=digest([inbox.society.probes[chosen], labels[chosen]]),
            count=len(chosen),
            landmarks=self.config.landmarks,
        )
        return self._judge(inbox.round, trained, untrained, _sample(labels, chosen, key))

    def save_state(self, folder: Path) -> None:
        """Write the diagrams of all rounds so far."""
        self.history.write(folder / FILE)

    def load_state(self, folder: Path) -> None:
        """Take up the diagrams that :meth:`save_state` wrote."""
        self.history = DiagramHistory.read(folder / FILE)

    def save_files(self, folder: Path) -> None:
        """Leave the diagrams in the run folder, for comparisons between rounds."""
        self.history.write(folder / FILE)

    def _judge(
        self,
        round: int,
        trained: PerAgent[LayerActivities],
        untrained: PerAgent[LayerActivities],
        sample: Sample,
    ) -> Verdict:
        """Compare every layer, then let the gate decide."""
        findings: list[Finding] = []
        for agent in trained:
            for found in self._examine(agent, trained[agent], untrained[agent], sample):
                if isinstance(found, str):
                    return self._without_measure(False, found)
                findings.append(found)
        ruling = rule(
            [found.layer for found in findings],
            limit=self.config.limit,
            least_drop=self.config.least_drop,
            confidence=self.config.confidence,
        )
        moves = self._follow(round, findings, untrained, sample)
        return Verdict(
            passed=ruling.passed,
            measure=ruling.layer.comparison.ratio,
            limit=ruling.limit,
            reason=_say(ruling, len(sample.labels)),
            tables=(
                evidence.share_table(findings),
                evidence.topology_table(findings),
                movement.table(moves),
            ),
            charts=evidence.charts(findings),
            summary=movement.summary(moves),
        )

    def _follow(
        self,
        round: int,
        findings: list[Finding],
        untrained: PerAgent[LayerActivities],
        sample: Sample,
    ) -> "list[movement.Move]":
        """Keep the round's diagrams, and measure them against those of the round before."""
        if self.history.before(round) is None:
            self.history.keep(UNTRAINED, self._diagrams(untrained, sample))
        before = self.history.before(round)
        now: dict[str, tuple[Diagrams, ...]] = {}
        for found in findings:
            agent = found.layer.agent
            now[agent] = (*now.get(agent, ()), found.diagrams)
        self.history.keep(round, now, only=not self.config.keep_rounds)
        return movement.moves(round, now, *before) if before else []

    def _diagrams(self, seen: PerAgent[LayerActivities], sample: Sample) -> AgentDiagrams:
        """Compute the diagrams of the chosen probes in every layer."""
        return {
            agent: tuple(
                activity_diagrams(h[sample.indices], landmarks=self.config.landmarks, where=agent)
                for h in activities.layers
            )
            for agent, activities in seen.items()
        }

    def _examine(
        self, agent: str, trained: LayerActivities, untrained: LayerActivities, sample: Sample
    ) -> Iterator[Finding | str]:
        """Yield what is seen of each layer, or the sentence that condemns it."""
        input_share = _share(_distances(trained.inputs, sample), sample)
        pairs = zip(trained.layers, untrained.layers, strict=True)
        for index, (after, before) in enumerate(pairs):
            now, then = _distances(after, sample), _distances(before, sample)
            if is_collapsed(now):
                yield (
                    f"Layer {index + 1} of {agent} has collapsed: it gives all "
                    f"{len(now)} probes the same activity up to scale."
                )
                return
            compared = Comparison(
                block_shares(now, sample.labels, sample.dealt),
                block_shares(then, sample.labels, sample.dealt),
            )
            yield Finding(
                layer=Layer(agent, index, compared),
                trained_share=_share(now, sample),
                untrained_share=_share(then, sample),
                input_share=input_share,
                deaths=deaths(now),
                untrained_deaths=deaths(then),
                loops=find_loops(now, count=self.config.landmarks),
            )

    def _without_measure(self, passed: bool | None, reason: str) -> Verdict:
        """Return a verdict for which nothing was, or could be, compared."""
        return Verdict(passed=passed, measure=None, limit=self.config.limit, reason=reason)


def _sample(labels: "NDArray[np.int64]", chosen: "NDArray[np.intp]", key: int) -> Sample:
    """Deal the chosen probes into blocks."""
    kept = labels[chosen]
    dealt = deal_blocks(kept, blocks=count_blocks(kept), deals=DEALS, key=derive_key(key, "blocks"))
    return Sample(chosen, kept, dealt)


def _distances(activities: "NDArray[np.float32]", sample: Sample) -> "NDArray[np.float64]":
    """Return the distances between scaled activities of the chosen probes."""
    return distances_between(scale_rows(activities[sample.indices]))


def _share(distances: "NDArray[np.float64]", sample: Sample) -> float:
    """Return the cross-class share of one cloud."""
    return float(cross_class_shares(distances[None], sample.labels[None])[0])


def _say(ruling: Ruling, probes: int) -> str:
    """Put a ruling into one sentence with its numbers."""
    compared = ruling.layer.comparison
    share = f"{compared.trained.mean:.3f} against {compared.untrained.mean:.3f} untrained"
    ratio = "" if compared.ratio is None else f", ratio {compared.ratio:.2f}"
    where = f"{ruling.layer.name}: avoidable cross-class share of H0 merges {share}"
    return f"{ruling.because}; {where}{ratio} (limit {ruling.limit:.2f}), {probes} probes."
