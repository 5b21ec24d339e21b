"""Everything a plugin may implement, one function each; docs/hooks.md has examples."""

from collections.abc import Callable
from typing import Any

import pluggy

from plurigrid_ff.colors.messages import (
    ColorAnswer,
    ColorProfile,
    Hex,
    Palette,
    PaletteRequest,
    RatedColor,
)
from plurigrid_ff.host.skill import Skill

PROJECT = "plurigrid_ff"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as its implementation of the hook of that name."""


@hookspec
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer skills to the host.

    Called once per plugin, after all plugins are loaded. Keep it cheap: import torch,
    gudhi or jax inside ``Skill.build``, so that ``plurigrid-ff --help`` stays fast.

    Args:
        register: Call it once per skill. Afterwards the host refuses the plugin, with
            ``DuplicateSkillError`` when another one offers a skill of that name already, and
            with ``PluginError`` when it is no skill or its card contradicts the registry's
            trit for that name.
    """


@hookspec
def register_objectives(register: Callable[[str, str | Callable[[], Any]], None]) -> None:
    """Offer local objectives, by name, without loading them.

    An objective subclasses ``plurigrid_ff.learning.objectives.Objective``, which imports
    torch; so it lives in a module of its own, which loads when a run asks for it.

    Args:
        register: Call it once per objective, with the name that run files use and where the
            class is: ``"package.module:Class"``, or a function that imports and returns it.
            Afterwards the host refuses the plugin with ``PluginError`` when another one offers
            an objective of that name already, or when one of the two makes no sense.
    """


@hookspec
def register_blocks(register: Callable[[str, str | Callable[..., Any]], None]) -> None:
    """Offer blocks, modules that a run file can make layers of, without loading them.

    A factory is called with the shape of one sample of what the layer reads and returns a new
    ``torch.nn.Module``. It lives in a module of its own, or imports torch when it is called.

    Args:
        register: Call it once per block, with the name that run files use and where the factory
            is: ``"package.module:factory"``, or the factory itself. Afterwards the host refuses
            the plugin with ``PluginError`` when another one offers a block of that name already,
            or when one of the two makes no sense.
    """


@hookspec
def register_commands(register: Callable[[str, str | Callable[[], Any], str], None]) -> None:
    """Offer commands of ``plurigrid-ff``, by name, without loading them.

    A command is a ``click.Command`` or a ``click.Group``, in a module of its own, which loads
    when the command is called; its ``obj`` is :class:`plurigrid_ff.cli.Options`.

    Args:
        register: Call it once per command, with its name, where it is
            (``"package.module:command"``, or a function that imports and returns it) and one
            line for ``plurigrid-ff --help``. Afterwards the host refuses the plugin with
            ``PluginError`` when plurigrid-ff or another plugin has a command of that name
            already, or when one of the three makes no sense.
    """


@hookspec
def register_tools(register: Callable[[str, str | Callable[[], Any]], None]) -> None:
    """Offer tools to agents, by name, without loading them.

    A tool is a :class:`plurigrid_ff.host.agent_tools.AgentTool` in a module of its own, which
    loads when tools are listed, so it imports no torch. The server for agents describes it by its
    models, keeps its paths inside the working folder, and runs it within its limits.

    Args:
        register: Call it once per tool, with its name, such as ``"check_drift"``, and where it
            is: ``"package.module:TOOL"``, or a function that imports and returns it. Afterwards
            the host refuses the plugin with ``PluginError`` when another one offers a tool of
            that name already, or when one of the two makes no sense.
    """


@hookspec(firstresult=True)
def color_update(profile: ColorProfile, answers: tuple[ColorAnswer, ...]) -> ColorProfile | None:
    """Take a user's answers into what is known of the user's taste.

    Args:
        profile: What was known before.
        answers: New answers, oldest first.

    Returns:
        The new profile; the old one stays as it is. None leaves the question to the next plugin.
    """


@hookspec(firstresult=True)
def color_rank(profile: ColorProfile, colors: tuple[Hex, ...]) -> tuple[RatedColor, ...] | None:
    """Rate colours by a user's taste, best first.

    Args:
        profile: What is known of the user.
        colors: As ``#RRGGBB``.

    Returns:
        Every colour with its score. None leaves the question to the next plugin.
    """


@hookspec(firstresult=True)
def color_palette(request: PaletteRequest, profile: ColorProfile | None) -> Palette | None:
    """Make a palette.

    Args:
        request: What it should be.
        profile: Whose taste it should meet; None for nobody's.

    Returns:
        The palette. None leaves the question to the next plugin.
    """


@hookspec(firstresult=True)
def nca_learn_rule(request: dict[str, Any]) -> dict[str, Any] | None:
    """Learn the rule of a cellular automaton from observed transitions; for agents.

    Args:
        request: ``transitions``, pairs of grids or rows of cells before and after one step, and
            ``config``: the fields of ``plurigrid_ff_nca.RuleConfig``, all with defaults.

    Returns:
        ``report`` (the rule's name among it), ``rule``, which :func:`nca_step` takes, and
        ``unseen``: entries of its table that were never observed, with the confidence in each.
    """


@hookspec(firstresult=True)
def nca_step(request: dict[str, Any]) -> dict[str, Any] | None:
    """Run a rule of a cellular automaton on a grid; for agents.

    Args:
        request: ``rule``, a name like ``"B3/S23"`` or what :func:`nca_learn_rule` gave;
            ``grid``, rows of cells or one row; ``steps`` (1); ``border`` (``"periodic"``).

    Returns:
        ``grid`` after the last step, and ``rule``, its name, or None where it has none.
    """


@hookspec(firstresult=True)
def nca_grow(request: dict[str, Any]) -> dict[str, Any] | None:
    """Train an automaton that grows an image from one cell; for agents. Takes CPU-minutes.

    Args:
        request: ``pixels``, rows of red, green, blue and alpha from 0 to 255; ``config``: the
            fields of ``plurigrid_ff_nca.GrowConfig``, all with defaults; ``steps`` (96).

    Returns:
        ``pixels`` as they have grown after ``steps`` steps, ``scores``, ``rollouts`` and
        ``cpu_seconds``.
    """


@hookspec(firstresult=True)
def evolve_step(request: dict[str, Any]) -> dict[str, Any] | None:
    """Choose a parent among candidates and vary its settings; for agents.

    Args:
        request: ``candidates``, each with ``name``, ``score`` in [0, 1], ``children`` and
            ``genome``: tables ``network`` and ``training`` as in a run file; ``classes``,
            ``objectives`` that a child may change to, ``seed`` and ``step``.

    Returns:
        ``parent``, its name; ``genome`` of the child, which is to be evaluated; ``gene``: what
        changed. None leaves the question to the next plugin.
    """


@hookspec(firstresult=True)
def world_step(request: dict[str, Any]) -> dict[str, Any] | None:
    """Run a world of agents that learn, breed and die for some steps; for agents.

    Args:
        request: ``config``, the fields of ``plurigrid_ff_jaxlife_open_ended.WorldConfig`` that a
            new world has, or ``state``, what the last answer gave, to go on with it; ``steps`` (1).

    Returns:
        ``state``; ``step``; ``counts`` of these steps; ``food``, rows of 0 and 1; and ``agents``,
        each with its ``place``, ``energy``, ``age``, ``founder`` and what it would do next.
        None leaves the question to the next plugin.
    """
