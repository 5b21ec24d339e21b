"""A world and its neutral shadow, side by side, and the record of both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff_jaxlife_open_ended.backend import jax, jnp
from plurigrid_ff_jaxlife_open_ended.brain import Brains, goodness, unit_rms
from plurigrid_ff_jaxlife_open_ended.config import WorldConfig
from plurigrid_ff_jaxlife_open_ended.openness import Observer, choose_watched, draw_situations
from plurigrid_ff_jaxlife_open_ended.records import Openness, Record, Report
from plurigrid_ff_jaxlife_open_ended.torus import observe
from plurigrid_ff_jaxlife_open_ended.world import (
    World,
    WorldRules,
    advance,
    begin,
    empty_tally,
    no_fate,
    world_rules,
)

if TYPE_CHECKING:
    from jax import Array

    from plurigrid_ff_jaxlife_open_ended.brain import Brain


class Sight(NamedTuple):
    """What agents see and would do.

    Attributes:
        seen: At unit root mean square, ``(agents, NUM_FEATURES)``.
        action: Of highest goodness, ``(agents,)``.
        answers: Of some agents in every situation, ``(watched, situations)``.
    """

    seen: "Array"
    action: "Array"
    answers: "Array"


@jax.jit
def look(world: World, rules: WorldRules, situations: "Array", watched: "Array") -> Sight:
    """Look at a world without changing it.

    Args:
        world: The world.
        rules: The numbers.
        situations: What an agent might see, not yet scaled, ``(situations, NUM_FEATURES)``.
        watched: Slots whose agents are asked about them, ``(watched,)``.
    """
    people, breeds = world.people, rules.life.birth_energy
    seen = observe(world.food, world.place, people.alive, people.energy, breeds)
    some = Brains(people.brains.weight[watched], people.brains.bias[watched])

    def answer(situation: "Array") -> "Array":
        shown = jnp.broadcast_to(situation, (watched.shape[0], situation.shape[0]))
        return goodness(some, shown).argmax(axis=1)

    answers = jax.vmap(answer, out_axes=1)(unit_rms(situations))
    return Sight(seen, goodness(people.brains, seen).argmax(axis=1), answers)


@dataclass(slots=True)
class Simulation:
    """A run of a world. The same settings give the same run, and so does going on with one.

    Attributes:
        config: The settings.
        world: The world.
        shadow: Its neutral shadow: as many die and are born in every step, but who, is drawn, and
            nobody learns; None for a world without one.
        history: Records so far.
        observers: Of the world, and of the shadow.
    """

    config: WorldConfig
    world: World
    shadow: World | None
    history: list[Record] = field(default_factory=list)
    observers: tuple[Observer, Observer] = field(default_factory=lambda: (Observer(), Observer()))

    @classmethod
    def begin(
        cls, config: WorldConfig, *, shadow: bool = True, ancestor: "Brain | None" = None
    ) -> "Simulation":
        """Draw a world at its first step, and with it the same world as its shadow.

        Args:
            config: The settings.
            shadow: Whether there is a neutral shadow.
            ancestor: A brain that all agents begin with; None: each with a random one.
        """
        world = begin(config, ancestor)
        return cls(config, world, begin(config, ancestor) if shadow else None)

    @property
    def steps(self) -> int:
        """Steps done."""
        return int(self.world.step)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: all steps are done, or nobody lives."""
        return self.steps >= self.config.steps or not bool(self.world.people.alive.any())

    def report(self) -> Report:
        """Sum up the records; there must be one."""
        return Report.of(self.config, self.history)

    def run(
        self, record: Callable[[Record], None], progress: Callable[[int], None] = lambda step: None
    ) -> None:
        """Run to the last step, or until nobody lives.

        Args:
            record: Told of every window when it is over. Between two windows, and only there, the
                state is whole: what it saves then is gone on with exactly.
            progress: Told of every step.
        """
        rules, neutral = world_rules(self.config), world_rules(self.config, neutral=True)
        step = partial(advance, max_births=self.config.max_births)
        while not self.finished:
            done = self.steps
            for number in range(done + 1, min(done + self.config.window, self.config.steps) + 1):
                self.world, fate = step(self.world, rules, no_fate())
                if self.shadow is not None:
                    self.shadow, _ = step(self.shadow, neutral, fate)
                progress(number)
            self.history.append(self._close_window(rules, neutral))
            record(self.history[-1])

    def _close_window(self, rules: WorldRules, neutral: WorldRules) -> Record:
        """Record a window, and count anew."""
        counts = {name: int(value) for name, value in self.world.tally._asdict().items()}
        alive = np.asarray(self.world.people.alive)
        founders = np.unique(np.asarray(self.world.people.founder)[alive])
        record = Record(
            step=self.steps,
            alive=int(alive.sum()),
            agent_steps=counts["agent_steps"],
            eaten=counts["eaten"],
            deaths=counts["deaths"],
            births=counts["births"],
            food=int(self.world.food.sum()),
            founders=len(founders),
            world=self._observe(self.world, rules, self.observers[0]),
            shadow=None
            if self.shadow is None
            else self._observe(self.shadow, neutral, self.observers[1]),
        )
        self.world = self.world._replace(tally=empty_tally())
        if self.shadow is not None:
            self.shadow = self.shadow._replace(tally=empty_tally())
        return record

    def _observe(self, world: World, rules: WorldRules, observer: Observer) -> Openness:
        """Let an observer see a world."""
        alive: NDArray[np.bool_] = np.asarray(world.people.alive)
        if not alive.any():
            return Openness(novelty=None, learnability=None)
        watched = choose_watched(alive, self.config.seed, self.steps)
        sight = look(world, rules, draw_situations(self.config.seed), watched)
        behaviours = np.asarray(sight.answers).astype(np.int8)
        seen, actions = np.asarray(sight.seen)[alive], np.asarray(sight.action)[alive]
        new, learnable = observer.observe(behaviours, seen, actions)
        return Openness(novelty=new, learnability=learnable)
