"""The hooks for agents: parse plain data, call the library, answer with plain data."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from plurigrid_ff.errors import DataError
from plurigrid_ff_nca.growing.target import premultiplied
from plurigrid_ff_nca.growing.training import Grower
from plurigrid_ff_nca.messages import (
    Cells,
    GrowAnswer,
    GrowRequest,
    LearnRuleAnswer,
    LearnRuleRequest,
    StepAnswer,
    StepRequest,
)
from plurigrid_ff_nca.rules.learning import learn_rule
from plurigrid_ff_nca.rules.notation import name_rule, parse_rule
from plurigrid_ff_nca.rules.rule import check_grid
from plurigrid_ff_nca.rules.written import WrittenRule, read_rule, write_rule


def answer_learn_rule(request: dict[str, Any]) -> dict[str, Any]:
    """Learn a rule from transitions.

    Raises:
        ConfigError: The request is not a :class:`LearnRuleRequest`.
        DataError: The transitions are not those of one rule; see ``learn_rule``.
    """
    asked = LearnRuleRequest.parse(request, where="nca_learn_rule")
    pairs = [
        (
            _array(before, f"transition {number}, before"),
            _array(after, f"transition {number}, after"),
        )
        for number, (before, after) in enumerate(asked.transitions)
    ]
    learned = learn_rule(pairs, asked.config)
    unseen = np.flatnonzero(~learned.seen)
    answer = LearnRuleAnswer(
        report=learned.report,
        rule=write_rule(learned.rule),
        unseen=[(int(entry), float(learned.confidence[entry])) for entry in unseen],
    )
    return answer.model_dump(mode="json")


def answer_step(request: dict[str, Any]) -> dict[str, Any]:
    """Run a rule on a grid.

    Raises:
        ConfigError: The request is not a :class:`StepRequest`, or its rule has no meaning.
        DataError: The grid is none of the rule's.
    """
    asked = StepRequest.parse(request, where="nca_step")
    if isinstance(asked.rule, WrittenRule):
        rule = read_rule(asked.rule, where="nca_step: rule")
    else:
        rule = parse_rule(asked.rule)
    grid = _array(asked.grid, "nca_step: grid")
    check_grid(grid, rule.space)
    state = grid.astype(np.uint8)[None]
    for _ in range(asked.steps):
        state = rule.step(state, border=asked.border)
    return StepAnswer(grid=state[0].tolist(), rule=name_rule(rule)).model_dump(mode="json")


def answer_grow(request: dict[str, Any]) -> dict[str, Any]:
    """Train an automaton to grow an image.

    Raises:
        ConfigError: The request is not a :class:`GrowRequest`.
        DataError: Pixels of another size than the grid, or none visible.
        LimitError: Training would not fit the memory.
    """
    asked = GrowRequest.parse(request, where="nca_grow")
    pixels = _array(asked.pixels, "nca_grow: pixels")
    size = asked.config.size
    if pixels.shape != (size, size, 4) or pixels.min() < 0 or pixels.max() > 255:
        raise DataError(
            f"nca_grow: pixels: expected {size} rows of {size} times red, green, blue, alpha "
            f"from 0 to 255, got shape {pixels.shape}; set config.size, or resize the image"
        )
    grower = Grower(premultiplied(pixels.astype(np.uint8), where="nca_grow: pixels"), asked.config)
    grower.train()
    automaton = grower.automaton
    generator = torch.Generator().manual_seed(asked.config.seed)
    state = automaton.run(automaton.seed.unsqueeze(0), asked.steps, generator)[0, :4]
    rgb = state[:3] / state[3:].clamp(min=1e-3)
    grown = torch.cat([rgb, state[3:]]).clamp(0, 1).mul(255).round().byte().permute(1, 2, 0)
    answer = GrowAnswer(
        pixels=grown.tolist(),
        scores=automaton.score(seed=asked.config.seed),
        rollouts=grower.rollouts,
        cpu_seconds=grower.cpu_seconds,
    )
    return answer.model_dump(mode="json")


def _array(values: Cells | list[Any], where: str) -> NDArray[Any]:
    """Make an array of nested lists.

    Raises:
        DataError: Rows of unequal length.
    """
    try:
        return np.array(values)
    except ValueError as error:
        raise DataError(f"{where}: expected rows of one length, got several") from error
