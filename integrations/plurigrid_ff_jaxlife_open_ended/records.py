"""What is told of a world: a record per window, and a report on all of it."""

from typing import Self

from plurigrid_ff.settings import Result
from plurigrid_ff_jaxlife_open_ended.config import WorldConfig


class Openness(Result):
    """What an observer saw in one window; None where nothing came before.

    Attributes:
        novelty: Share of situations answered unlike the nearest earlier behaviours.
        learnability: Share of a predictor's error that what was seen before saves.
    """

    novelty: float | None
    learnability: float | None

    @property
    def product(self) -> float | None:
        """Novelty times learnability."""
        if self.novelty is None or self.learnability is None:
            return None
        return self.novelty * self.learnability


class Record(Result):
    """One window of steps.

    Attributes:
        step: The last one.
        alive: Agents after it.
        agent_steps: Steps of all agents in the window.
        eaten: Food eaten in the window.
        deaths: Deaths in the window.
        births: Births in the window.
        food: Cells with food after it.
        founders: Founders with living descendants.
        world: What an observer saw in it.
        shadow: What one saw in its neutral shadow; None in a world without one.
    """

    step: int
    alive: int
    agent_steps: int
    eaten: int
    deaths: int
    births: int
    food: int
    founders: int
    world: Openness
    shadow: Openness | None


class Report(Result):
    """A world so far.

    Attributes:
        config: Its settings.
        steps: Steps done.
        extinct: Whether nobody lives.
        alive: Agents now.
        founders: Founders with living descendants.
        food_per_agent_step: Over the last quarter of the records.
        deaths_per_1000_agent_steps: Over the last quarter of the records.
        openness: Mean novelty times learnability over all windows that have both.
        shadow_openness: The same of the neutral shadow.
    """

    config: WorldConfig
    steps: int
    extinct: bool
    alive: int
    founders: int
    food_per_agent_step: float | None
    deaths_per_1000_agent_steps: float | None
    openness: float | None
    shadow_openness: float | None

    @classmethod
    def of(cls, config: WorldConfig, history: list[Record]) -> Self:
        """Sum up records, at least one."""
        last, late = history[-1], history[-max(1, len(history) // 4) :]
        lived = sum(record.agent_steps for record in late)
        shadows = [record.shadow for record in history if record.shadow is not None]
        return cls(
            config=config,
            steps=last.step,
            extinct=last.alive == 0,
            alive=last.alive,
            founders=last.founders,
            food_per_agent_step=sum(r.eaten for r in late) / lived if lived else None,
            deaths_per_1000_agent_steps=(
                1000 * sum(r.deaths for r in late) / lived if lived else None
            ),
            openness=_mean([record.world for record in history]),
            shadow_openness=_mean(shadows),
        )


def _mean(seen: list[Openness]) -> float | None:
    """Average the products that there are."""
    products = [one.product for one in seen if one.product is not None]
    return sum(products) / len(products) if products else None
