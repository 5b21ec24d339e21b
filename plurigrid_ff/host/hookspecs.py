"""Everything a plugin may implement, one function each."""

from collections.abc import Callable

import pluggy

from plurigrid_ff.host.skill import Skill

PROJECT = "plurigrid_ff"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer skills to the host.

    Called once per plugin, after all plugins are loaded. Keep it cheap: import torch,
    gudhi or jax inside ``Skill.build``, so that ``plurigrid-ff --help`` stays fast.

    Args:
        register: Call it once per skill. Raises ``DuplicateSkillError`` when another
            plugin already offers a skill of that name, and ``PluginError`` when the
            card contradicts the registry's trit for that name.
    """
