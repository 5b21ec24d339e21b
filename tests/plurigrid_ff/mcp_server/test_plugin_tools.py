"""Tools of plugins: described by their models, kept inside the folder, and missed when absent."""

import shutil
import subprocess
import sys
from dataclasses import replace
from typing import Any

import anyio
import pytest
from pydantic import BaseModel, Field

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.agent_tools import (
    AgentTool,
    Place,
    ReadPath,
    RunPath,
    UpdatePath,
    WritePath,
    check_agent_tool,
)
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.mcp_server.plugin_tools import FIRST_PARTY, plugin_tools
from plurigrid_ff.mcp_server.tools import TOOLS
from plurigrid_ff.offers import TOOL, Offer
from plurigrid_ff.settings import Settings


class Paths(Settings):
    """Every kind of path."""

    run: RunPath | None = None
    read: ReadPath | None = None
    write: WritePath | None = None
    update: UpdatePath | None = None
    overwrite: bool = False


class Answer(BaseModel):
    """What a call was made with."""

    asked: dict[str, Any]
    samples: int


def tell(asked, context):
    context.report(0.5, "half")
    return Answer(asked=asked.model_dump(), samples=context.max_samples)


PATHS = AgentTool("Paths", "Take paths.", Paths, Answer, tell, writes=True)


@pytest.fixture
def offered(monkeypatch):
    """Offer tools as a plugin does, to server and worker."""
    host = load_host()

    def offer(**tools):
        for name, tool in tools.items():
            host.tools[name] = Offer(TOOL, name, lambda tool=tool: tool, "mine")
        monkeypatch.setattr("plurigrid_ff.mcp_server.door.load_host", lambda **_: host)
        monkeypatch.setattr("plurigrid_ff.host.plugins.load_host", lambda **_: host)
        return host

    return offer


@pytest.fixture
def call(offered, ask, in_this_process):
    offered(paths=PATHS)

    def paths(limits=None, **arguments):
        return ask("paths", arguments, **(limits or {}))

    return paths


def test_paths_are_resolved_inside_the_folder_before_a_tool_sees_them(call, work, trained):
    shutil.copytree(trained[0], work / "runs" / "one")
    (work / "new.txt").touch()

    answer = call(
        {"max_samples": 7},
        run="./runs/one",
        read=str(work / "new.txt"),
        write="sub/../fresh",
        update="c.json",
    )

    assert answer["asked"] == {
        "run": "runs/one",
        "read": "new.txt",
        "write": "fresh",
        "update": "c.json",
        "overwrite": False,
    }
    assert answer["samples"] == 7


@pytest.mark.parametrize("key", ["run", "read", "write", "update"])
@pytest.mark.parametrize("path", ["../secret.toml", "/etc/passwd", "~", "away/x", "linked"])
def test_no_kind_of_path_leads_out(call, work, tmp_path, key, path):
    (work / "away").symlink_to(tmp_path)
    (work / "linked").symlink_to(tmp_path / "secret.toml")

    assert call(**{key: path}).startswith(f"{key}: {path!r} leads out of the working folder")


@pytest.mark.parametrize("key", ["read", "write", "update"])
def test_no_link_below_a_path_leads_out(call, work, tmp_path, key):
    (work / "photos").mkdir()
    (work / "photos" / "one.png").symlink_to(tmp_path / "secret.toml")

    assert "'photos/one.png' leads out" in call(**{key: "photos", "overwrite": True})


def test_a_run_whose_data_lies_elsewhere_is_not_used(call, work, trained, tmp_path):
    shutil.copytree(trained[0], work / "one")
    settings = work / "one" / "run.toml"
    text = settings.read_text().replace('source = "digits"', f'source = "{tmp_path}/x.npz"')
    settings.write_text(text)

    assert "one/run.toml: data.source: " in call(run="one")
    assert call(run="two") == "run: unknown run 'two'; known here: one"


def test_what_is_there_is_replaced_only_when_asked(call, work):
    (work / "there").mkdir()

    assert call(write="there") == "write: there: exists; choose another, or overwrite=true"
    assert call(write="there", overwrite=True)["asked"]["write"] == "there"
    assert call(update="there") == "update: expected a file, got the folder 'there'"


def test_two_calls_never_write_the_same_place(offered, connect, monkeypatch, until):
    offered(paths=PATHS)
    started = anyio.Event()

    async def wait(request, folder, report):
        started.set()
        await anyio.sleep_forever()

    monkeypatch.setattr("plurigrid_ff.mcp_server.door.run_in_worker", wait)

    async def both():
        async with connect(concurrency=2) as client, anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "paths", {"update": "a"})
            await started.wait()
            second = await client.call_tool("paths", {"write": "a/b"})
            group.cancel_scope.cancel()
            return second

    assert "is being written by another call" in anyio.run(both).content[0].text


def test_a_tool_that_answers_something_else_or_fails_is_named(offered, ask, in_this_process):
    offered(
        wrong=replace(PATHS, call=lambda asked, context: asked),
        broken=replace(PATHS, call=lambda asked, context: 1 / 0),
    )

    assert ask("wrong", {}) == "plugin 'mine': tool 'wrong' answered a Paths; expected Answer"
    assert ask("broken", {}).endswith("failed with ZeroDivisionError; the server's log says where")


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (3, "is a int; expected an AgentTool"),
        (replace(PATHS, title=""), "title: expected 1 to 1000 printable characters"),
        (replace(PATHS, description="a\x1b[31m"), "description: expected 1 to 1000 printable"),
        (replace(PATHS, arguments=BaseModel), "arguments: expected a Settings class"),
        (replace(PATHS, result=dict), "result: expected a BaseModel class"),
        (replace(PATHS, call=None), "call: expected a function"),
        (replace(PATHS, writes=False), "has the argument 'write' and claims to write nothing"),
    ],
)
def test_a_tool_that_cannot_be_described_is_left_out_and_logged(offered, caplog, tool, message):
    found = plugin_tools(offered(mine=tool), frozenset(TOOLS))

    assert found.keys() == FIRST_PARTY.keys()
    assert message in caplog.text
    with pytest.raises(PluginError, match="here"):
        check_agent_tool(tool, "here")


def test_the_servers_own_tools_cannot_be_replaced(offered, caplog):
    found = plugin_tools(offered(train=PATHS), frozenset(TOOLS))

    assert "train" not in found
    assert "the server has a tool of that name" in caplog.text


def test_a_place_is_found_however_the_field_is_written():
    class Fields(Settings):
        plain: str
        run: RunPath = Field(description="x")
        maybe: WritePath | None = None

    tool = replace(PATHS, arguments=Fields)

    assert tool.places == {"run": Place.RUN, "maybe": Place.WRITE}


def test_a_tool_whose_plugin_is_not_here_says_which_and_why(ask, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_PLUGINS", "open-games")

    message = ask("check_drift", {})

    assert message.startswith(
        "check_drift is a tool of the plugin 'persistent-homology', which is disabled here; "
    )
    assert ask("check_drft", {}).startswith("unknown tool 'check_drft'; ")


def test_listing_the_tools_of_our_plugins_loads_no_torch():
    code = (
        "import sys; from plurigrid_ff.host.plugins import load_host; "
        "from plurigrid_ff.mcp_server.plugin_tools import plugin_tools; "
        "found = plugin_tools(load_host(), frozenset()); "
        "print(len([tool.card for tool in found.values()]), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(len(FIRST_PARTY)), "False"]


def test_colours_and_automata_answer_as_their_libraries_do(ask, work, in_this_process):
    assert ask("color_at", {"index": 1, "seed": 1069})["hex"] == "#E67F86"
    taste = {"profile": "taste.json"}
    assert ask("color_answer", taste | {"verdict": "like", "color": "teal"})["answers"] == 1
    pair = {"verdict": "pair", "color": "teal", "over": "orange"}
    assert ask("color_answer", taste | pair)["answers"] == 2
    ranked = ask("color_rank", taste | {"colors": ["orange", "teal"]})["colors"]
    assert [item["color"] for item in ranked] == ["#008080", "#FFA500"]
    assert ask("color_next", taste)["hex"].startswith("#")
    assert len(ask("color_palette", taste | {"count": 2, "base": "teal"})["colors"]) == 2
    assert ask("color_answer", taste | {"verdict": "undo"})["answers"] == 1
    assert "a colour under over" in ask("color_answer", taste | {"verdict": "pair", "color": "red"})
    assert "no such profile" in ask("color_rank", {"profile": "none.json", "colors": ["red"]})

    blinker = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    turned = ask("nca_step", {"rule": "B3/S23", "grid": blinker})["grid"]
    assert turned == [list(row) for row in zip(*blinker, strict=True)]
    assert "less than or equal to 2000" in ask(
        "nca_step", {"rule": "B3/S23", "grid": [[0]], "steps": 2001}
    )
    assert "at most 256 items" in ask("nca_step", {"rule": "B3/S23", "grid": [[0] * 257]})


def test_runs_are_replayed_certified_and_watched_as_the_command_line_does(
    ask, work, trained, in_this_process
):
    shutil.copytree(trained[0], work / "one")

    assert ask("replay", {"run": "one"})["identical"] is True
    report = ask("certify_run", {"run": "one", "out": "proof", "samples": 2})
    assert report["holds"] is True
    assert ask("check_certificate", {"file": "proof/certificate.json"})["holds"] is True
    assert ask("certify_run", {"run": "one", "out": "proof"}) == (
        "out: proof: exists; choose another, or overwrite=true"
    )
    compared = ask("compare_topology", {"run_a": "one", "run_b": "one", "samples": 30})
    assert compared["layers"][0]["bottleneck_h0"] < 1e-9
