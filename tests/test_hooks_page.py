"""docs/hooks.md has every hook with its exact arguments, and its plugins work."""

import ast
import inspect
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from plurigrid_ff.host import hookspecs, plugins
from plurigrid_ff.host.agent_tools import Place, check_agent_tool
from plurigrid_ff.host.hook_versions import HOOKS_VERSION
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.host.selection import VARIABLE
from plurigrid_ff.testing import check_objective, check_skill

PAGE = (Path(__file__).parent.parent / "docs" / "hooks.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
HOOKS = [
    node
    for node in ast.parse(inspect.getsource(hookspecs)).body
    if isinstance(node, ast.FunctionDef)
]


def skill_works(host):
    check_skill(host.registry.skills["no-idle-layer"])


def objective_works(host):
    check_objective(host.objectives["squared-hinge"].load())


def block_works(host):
    import torch

    block = host.blocks["bottleneck"].load()((64,))
    assert block(torch.zeros(3, 64)).shape == (3, 32)


def command_works(host):
    from click.testing import CliRunner

    from plurigrid_ff.cli import load_command

    result = CliRunner().invoke(load_command(host.commands["greet"]), ["you"])
    assert result.output == "hello, you\n"


def tool_works(host):
    tool = check_agent_tool(host.tools["count_lines"].load(), "here")
    asked = tool.arguments(file=__file__, longest=3)
    assert tool.places == {"file": Place.READ}
    assert tool.call(asked, None).lines == 3


def update_works(host):
    said = {"verdict": "like", "color": "#008080"}
    profile = host.ask("color_update", profile={"seed": 3}, answers=[said])
    assert profile.model_dump(mode="json")["answers"] == [said | {"over": None}]


def rank_works(host):
    rated = host.ask("color_rank", profile={}, colors=["#202020", "#FFFFFF", "#808080"])
    assert [item.color for item in rated] == ["#FFFFFF", "#808080", "#202020"]


def palette_works(host):
    palette = host.ask("color_palette", request={"count": 3})
    assert palette.colors == ("#000000", "#808080", "#FFFFFF")


def rule_is_learned(host):
    row, after = [0, 0, 0, 1, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1, 0, 1]
    learned = host.ask("nca_learn_rule", request={"transitions": [[row, after]]})
    assert learned["report"]["name"] == "rule 110"


def grid_is_stepped(host):
    request = {"rule": "rule 184", "grid": [1, 0, 0]}
    assert host.ask("nca_step", request=request)["grid"] == [0, 1, 0]


def image_is_grown(host):
    request = {"pixels": [[[0, 0, 255, 255]] * 8] * 8, "config": {"size": 8, "rollouts": 1}}
    assert host.ask("nca_grow", request=request)["rollouts"] == 1


def child_is_bred(host):
    request = {"candidates": [{"name": "only", "score": 0.5}], "step": 3}
    assert host.ask("evolve_step", request=request)["parent"] == "only"


def world_goes_on(host):
    config = {"agents": 24, "size": 12, "hidden": 4, "max_births": 4}
    assert host.ask("world_step", request={"config": config, "steps": 2})["step"] == 2


WORKS = {
    "register_skills": skill_works,
    "register_objectives": objective_works,
    "register_blocks": block_works,
    "register_commands": command_works,
    "register_tools": tool_works,
    "color_update": update_works,
    "color_rank": rank_works,
    "color_palette": palette_works,
    "nca_learn_rule": rule_is_learned,
    "nca_step": grid_is_stepped,
    "nca_grow": image_is_grown,
    "evolve_step": child_is_bred,
    "world_step": world_goes_on,
}


def test_every_function_of_the_hookspecs_is_a_hook():
    assert [hook.name for hook in HOOKS] == [
        name for name, member in vars(hookspecs).items() if hasattr(member, "plurigrid_ff_spec")
    ]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_every_hook_is_documented_with_its_exact_arguments(hook):
    signature = f"{hook.name}({ast.unparse(hook.args)}) -> {ast.unparse(hook.returns)}"

    assert SECTIONS[hook.name].strip().splitlines()[0] == f"`{signature}`"
    assert re.search(rf"^\| \[{hook.name}\]\(#{hook.name}\) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_the_example_of_every_hook_is_a_plugin_whose_offer_works(hook, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", SECTIONS[hook.name], re.DOTALL)
    module = ModuleType(f"example_{hook.name}")
    exec(example, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry = EntryPoint("example", module.__name__, hookspecs.PROJECT)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry])
    monkeypatch.delenv(VARIABLE, raising=False)
    calls = []

    host = load_host(trace=calls.append)

    assert host.failures == []
    WORKS[hook.name](host)
    assert [call.hook for call in calls] == [hook.name]


def test_the_versions_end_with_the_one_of_the_hooks_and_name_them_all():
    table = SECTIONS["Versions"]
    arguments = {
        f"`{hook.name}({', '.join(argument.arg for argument in hook.args.args)})`" for hook in HOOKS
    }

    assert re.findall(r"^\| (\d+\.\d+) \|", table, re.MULTILINE)[-1] == HOOKS_VERSION
    assert arguments <= set(re.findall(r"`[^`]+`", table))
