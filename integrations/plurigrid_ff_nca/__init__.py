"""Neural cellular automata that learn layer-locally: rules from observations, growing images.

Names load on first use: importing the package loads neither torch nor numpy.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from plurigrid_ff import hookimpl
from plurigrid_ff.lazy_names import lazy_names

if TYPE_CHECKING:
    from plurigrid_ff_nca.films import film, write_film
    from plurigrid_ff_nca.growing.automaton import Automaton
    from plurigrid_ff_nca.growing.checkpoint import load_grower, save_grower
    from plurigrid_ff_nca.growing.config import SKETCH, GrowConfig
    from plurigrid_ff_nca.growing.target import read_target
    from plurigrid_ff_nca.growing.training import Grower
    from plurigrid_ff_nca.rules.config import RuleConfig
    from plurigrid_ff_nca.rules.learning import LearnedRule, learn_rule
    from plurigrid_ff_nca.rules.notation import name_rule, parse_rule
    from plurigrid_ff_nca.rules.observations import observe, transitions_of
    from plurigrid_ff_nca.rules.rule import Rule

REQUIRES_HOOKS = "1.3"

_HOMES = {
    "Automaton": "growing.automaton",
    "GrowConfig": "growing.config",
    "Grower": "growing.training",
    "LearnedRule": "rules.learning",
    "Rule": "rules.rule",
    "RuleConfig": "rules.config",
    "SKETCH": "growing.config",
    "film": "films",
    "learn_rule": "rules.learning",
    "load_grower": "growing.checkpoint",
    "name_rule": "rules.notation",
    "observe": "rules.observations",
    "parse_rule": "rules.notation",
    "read_target": "growing.target",
    "save_grower": "growing.checkpoint",
    "transitions_of": "rules.observations",
    "write_film": "films",
}

__all__ = [
    "SKETCH",
    "Automaton",
    "GrowConfig",
    "Grower",
    "LearnedRule",
    "Rule",
    "RuleConfig",
    "film",
    "learn_rule",
    "load_grower",
    "name_rule",
    "observe",
    "parse_rule",
    "read_target",
    "save_grower",
    "transitions_of",
    "write_film",
]


@hookimpl
def register_commands(register: Callable[[str, str, str], None]) -> None:
    """Offer ``plurigrid-ff nca``."""
    register(
        "nca",
        "plurigrid_ff_nca.commands:command",
        "Learn rules of cellular automata from observations; grow images from a cell.",
    )


@hookimpl
def register_tools(register: Callable[[str, str], None]) -> None:
    """Offer rules and growing automata to agents."""
    for name in ("nca_learn_rule", "nca_step", "nca_grow"):
        register(name, f"plurigrid_ff_nca.tools:{name.upper()}")


@hookimpl
def nca_learn_rule(request: dict[str, Any]) -> dict[str, Any]:
    """Answer an agent: see :class:`plurigrid_ff_nca.messages.LearnRuleRequest`."""
    from plurigrid_ff_nca.agents import answer_learn_rule

    return answer_learn_rule(request)


@hookimpl
def nca_step(request: dict[str, Any]) -> dict[str, Any]:
    """Answer an agent: see :class:`plurigrid_ff_nca.messages.StepRequest`."""
    from plurigrid_ff_nca.agents import answer_step

    return answer_step(request)


@hookimpl
def nca_grow(request: dict[str, Any]) -> dict[str, Any]:
    """Answer an agent: see :class:`plurigrid_ff_nca.messages.GrowRequest`."""
    from plurigrid_ff_nca.agents import answer_grow

    return answer_grow(request)


__getattr__, __dir__ = lazy_names(__name__, _HOMES)
