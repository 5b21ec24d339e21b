"""The generator: every agent of a society is a population that lives on the samples of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import TrainingError
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    GAINS,
    INITIAL_ACTIVITIES,
    MARGINS,
    SCHEDULE,
    Inbox,
    LayerGain,
    Outbox,
)
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.results import Assessment
from plurigrid_ff_jaxlife_open_ended.backend import jnp
from plurigrid_ff_jaxlife_open_ended.brain import Brain, Brains, draw_brains
from plurigrid_ff_jaxlife_open_ended.champion import Champion, activities_of, margins_of
from plurigrid_ff_jaxlife_open_ended.exchange import brain_of, to_network
from plurigrid_ff_jaxlife_open_ended.forage import forage
from plurigrid_ff_jaxlife_open_ended.life import Population, make_rules, settle
from plurigrid_ff_jaxlife_open_ended.skill_config import JaxlifeConfig

KEPT = ("energy", "age", "alive", "founder")


class Colony:
    """The population of one agent.

    Args:
        name: The agent's; its draws derive from it.
        config: How individuals live.
        context: The run. The population lives on the agent's shard.
    """

    def __init__(self, name: str, config: JaxlifeConfig, context: RunContext) -> None:
        self._config = config
        self._seed = derive_key(context.society.seed, "jaxlife", name)
        places = context.society.shards.get(name)
        self._data = context.data if places is None else context.data.shard(places)
        train = self._data.train
        self._samples = np.asarray(train.x, np.float32).reshape(len(train.x), -1)
        self._labels = train.y.astype(np.int32)
        self._run_seed = context.society.seed
        rng = np.random.default_rng(derive_key(self._seed, "ages"))
        self.people = settle(self._founders(), config, rng)
        self.updates = 0
        self.epoch = 0
        self.champion = self._find_champion()

    def live(self, epochs: int, *, learns: bool) -> float:
        """Live for some epochs: in each, every slot meets every sample once, in its own order.

        Returns:
            Share of the guesses that were right.

        Raises:
            TrainingError: Nobody is left.
        """
        rules = make_rules(self._config, self._seed)
        if not learns:
            rules = rules._replace(learning_rate=jnp.float32(0))
        samples = len(self._labels)
        steps, total = epochs * samples, np.float32(0)
        for epoch in range(self.epoch, self.epoch + epochs):
            for number, met in enumerate(self._meetings(epoch), start=epoch * samples):
                self.people, right = forage(
                    self.people,
                    rules,
                    self._samples[met],
                    self._labels[met],
                    np.int32(number),
                    max_births=self._config.max_births,
                )
                total = total + right
        self.epoch += epochs
        self.updates += steps if learns and self._config.learning else 0
        if not bool(self.people.alive.any()):
            raise TrainingError(
                "jaxlife-open-ended: the population died out: right guesses did not feed it; raise "
                "skills.jaxlife-open-ended.food_energy or newborn_energy"
            )
        self.champion = self._find_champion()
        return float(total) / steps

    def founder(self) -> FFNetwork:
        """Return the random brain that the champion descends from."""
        first = int(self.people.founder[brain_of(self.people).slot])
        founders = self._founders()
        return self._as_network(
            Brain(np.array(founders.weight[first]), np.array(founders.bias[first]))
        )

    def arrays(self) -> dict[str, Any]:
        """Return everything that changes, by name."""
        people = self.people
        brains = {"brains": people.brains, "innate": people.innate}
        held = {
            f"{which}.{part}": np.array(array)
            for which, both in brains.items()
            for part, array in both._asdict().items()
        }
        held |= {name: np.array(getattr(people, name)) for name in KEPT}
        return {**held, "epoch": np.array(self.epoch), "updates": np.array(self.updates)}

    def take_up(self, arrays: Mapping[str, Any]) -> None:
        """Go on from what :meth:`arrays` returned."""
        held = {name: jnp.array(array) for name, array in arrays.items()}
        self.people = Population(
            Brains(held["brains.weight"], held["brains.bias"]),
            Brains(held["innate.weight"], held["innate.bias"]),
            **{name: held[name] for name in KEPT},
        )
        self.epoch, self.updates = int(arrays["epoch"]), int(arrays["updates"])
        self.champion = self._find_champion()

    def _meetings(self, epoch: int) -> NDArray[np.int32]:
        """Draw which sample each slot meets in every step of an epoch, ``(samples, slots)``."""
        rng = np.random.default_rng(derive_key(self._seed, "meetings", epoch))
        places = np.arange(len(self._labels), dtype=np.int32)[:, None]
        return rng.permuted(np.repeat(places, self._config.population, axis=1), axis=0)

    def _founders(self) -> Brains:
        """Draw the first brains, the same ones every time."""
        rng = np.random.default_rng(derive_key(self._seed, "founders"))
        return draw_brains(
            rng,
            self._config.population,
            self._config.hidden,
            self._samples.shape[1],
            self._data.num_classes,
        )

    def _find_champion(self) -> Champion:
        """Return the individual with most energy as a network."""
        network = self._as_network(brain_of(self.people).brain)
        return Champion(network, self._data, seed=self._run_seed, updates=self.updates)

    def _as_network(self, brain: Brain) -> FFNetwork:
        """Return a brain as a network over the samples."""
        return to_network(brain, self._config, self._data.feature_shape)


class LifeGenerator:
    """Lets the population of every agent live for a round.

    What it hands on is each population's champion: the individual with most energy, chosen without
    a look at the probes.

    Args:
        config: How individuals live.
        context: The run's settings, data and society.
    """

    def __init__(self, config: JaxlifeConfig, context: RunContext) -> None:
        self._context = context
        self._colonies = {name: Colony(name, config, context) for name in context.society.graph}
        self._probes = torch.from_numpy(context.society.probes)
        self._labels = torch.from_numpy(context.society.labels)
        self._epoch = 0

    @property
    def networks(self) -> Mapping[str, Champion]:
        """The champions, by agent."""
        return {name: colony.champion for name, colony in self._colonies.items()}

    @property
    def num_parameters(self) -> int:
        """Numbers of all champions' brains."""
        return sum(champion.num_parameters for champion in self.networks.values())

    def generate(self, inbox: Inbox) -> Outbox:
        """Let every population live; in one whose schedule says so, nobody learns this round."""
        training = self._context.run.training
        epochs = min(training.epochs_per_round, training.epochs - self._epoch)
        schedules = inbox.get(SCHEDULE) or {}
        living = inbox.society.agents
        outbox = Outbox()
        gains, margins, activities, initial = {}, {}, {}, {}
        summaries: dict[str, dict[str, Any]] = {}
        for place, name in enumerate(living):
            colony = self._colonies[name]
            learns = name not in schedules or all(schedules[name].trains)
            before, had = self._margins(colony)[0], colony.updates
            try:
                right = colony.live(epochs, learns=learns)
            except TrainingError as error:
                if len(living) == 1:
                    raise
                outbox.excluded[name] = str(error)
                continue
            after, margins[name] = self._margins(colony)
            gains[name] = (
                LayerGain(updates=colony.updates - had, margin_before=before, margin_after=after),
            )
            activities[name] = activities_of(colony.champion.network, self._probes)
            initial[name] = activities_of(colony.founder(), self._probes)
            summaries[name] = _summary(colony, right, float((margins[name] > 0).mean()), after)
            self._context.progress((place + 1) / len(living))
        self._epoch += epochs
        outbox.done = self._epoch >= training.epochs
        outbox.summary = _common(summaries, living, epochs)
        outbox.put(GAINS, gains)
        outbox.put(MARGINS, margins)
        outbox.put(ACTIVITIES, activities)
        outbox.put(INITIAL_ACTIVITIES, initial)
        return outbox

    def assess(self) -> Assessment:
        """Measure the only champion on the test split."""
        (champion,) = self.networks.values()
        return champion.assess()

    def save_network(self, path: Path) -> None:
        """Write the only champion."""
        (champion,) = self.networks.values()
        champion.save_network(path)

    def save_state(self, folder: Path) -> None:
        """Write every population."""
        for name, colony in self._colonies.items():
            save_file(colony.arrays(), folder / f"{name}.safetensors")

    def load_state(self, folder: Path) -> None:
        """Take up every population."""
        for name, colony in self._colonies.items():
            colony.take_up(load_file(folder / f"{name}.safetensors"))
            self._epoch = max(self._epoch, colony.epoch)

    def _margins(self, colony: Colony) -> tuple[float, Any]:
        """Measure a champion on the probes."""
        return margins_of(colony.champion.network, self._probes, self._labels)


def _summary(colony: Colony, right: float, accuracy: float, margin: float) -> dict[str, Any]:
    """Return numbers for the log."""
    alive = np.array(colony.people.alive)
    founders = np.unique(np.array(colony.people.founder)[alive])
    layer = {"accuracy": accuracy, "margin": margin, "updates": colony.updates}
    return {
        "alive": int(alive.sum()),
        "founders": len(founders),
        "fed": right,
        "layers": [layer],
        "validation_accuracy": accuracy,
    }


def _common(
    summaries: dict[str, dict[str, Any]], living: tuple[str, ...], epochs: int
) -> dict[str, Any]:
    """Log one agent's numbers plainly, several by name, and their mean accuracy."""
    if len(living) == 1 or not summaries:
        return {"epochs": epochs, **next(iter(summaries.values()), {})}
    accuracies = [summary["validation_accuracy"] for summary in summaries.values()]
    return {
        "epochs": epochs,
        "validation_accuracy": float(np.mean(accuracies)),
        "agents": summaries,
    }
