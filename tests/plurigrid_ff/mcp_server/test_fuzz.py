"""Hundreds of calls drawn from the schemas, most of them spoilt. `tools/mcp_fuzz.py` does more."""

import importlib.util
import json
import shutil
from itertools import islice
from pathlib import Path

import anyio
import pytest

from plurigrid_ff.config import RunConfig
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.mcp_server.launching import WorkerError
from plurigrid_ff.mcp_server.messages import Failure
from plurigrid_ff.mcp_server.plugin_tools import FIRST_PARTY, plugin_tools
from plurigrid_ff.mcp_server.tools import TOOLS

ROOT = Path(__file__).resolve().parents[3]
CALLS = 900
PATHS = ("out", "run", "samples", "path", "file", "profile", "run_a", "run_b")


@pytest.fixture(scope="module")
def fuzzer():
    spec = importlib.util.spec_from_file_location("mcp_fuzz", ROOT / "tools" / "mcp_fuzz.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def requests(monkeypatch):
    """What would have been asked of workers."""
    seen = []

    async def refuse(request, folder, report):
        seen.append(request)
        raise WorkerError(Failure(kind="TestError", message="asked a worker"))

    monkeypatch.setattr("plurigrid_ff.mcp_server.door.run_in_worker", refuse)
    return seen


def test_spoilt_calls_end_in_a_sentence_and_touch_nothing_outside(
    connect, work, tmp_path, fuzzer, requests, trained
):
    work.rmdir()
    fuzzer.furnish(tmp_path)
    shutil.copytree(trained[0], work / "runs" / "one")
    before = fuzzer.outside(tmp_path)
    tools = {**TOOLS, **plugin_tools(load_host(), frozenset(TOOLS))}
    schemas = {name: tool.card.input_schema for name, tool in tools.items()}
    texts = []

    async def call_all():
        async with connect(max_epochs=2, max_width=64) as client:
            for name, arguments in islice(fuzzer.calls(schemas, seed=0), CALLS):
                answer = await client.call_tool(name, arguments)
                assert len(answer.content) == 1
                if answer.is_error:
                    texts.append(answer.content[0].text)

    anyio.run(call_all)

    assert 0.5 * CALLS < len(texts) < CALLS  # some were as they should be
    assert len(requests) > 5
    assert {request.arguments["tool"] for request in requests if request.job == "plugin_tool"} <= (
        FIRST_PARTY.keys()
    )
    assert any(request.job == "plugin_tool" for request in requests)
    for text in texts:
        assert fuzzer.CRASH not in text
        assert text.isprintable()
        assert str(tmp_path) not in text
        assert len(text) < 6000
    for request in requests:
        allowed(request.arguments, work)
    assert fuzzer.outside(tmp_path) == before


def allowed(arguments, work):
    """Require that what passed all checks is within the limits and the folder."""
    if "config" in arguments:
        config = RunConfig.model_validate(arguments["config"])
        assert config.training.epochs <= 2
        assert max(getattr(layer, "features", 0) for layer in config.network.layers) <= 64
    arguments = arguments.get("arguments", arguments)  # of a plugin's tool
    for key in PATHS:
        if arguments.get(key) and isinstance(arguments[key], str):  # samples may be a number
            assert (work / arguments[key]).resolve().is_relative_to(work), json.dumps(arguments)
