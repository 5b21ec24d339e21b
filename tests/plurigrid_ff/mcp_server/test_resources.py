import json

import pytest
from mcp import MCPError

from plurigrid_ff.host.triad import shipped_triads

pytestmark = pytest.mark.anyio


async def test_the_resources_are_listed_and_every_one_can_be_read(connect):
    async with connect() as client:
        listed = (await client.list_resources()).resources
        texts = {
            str(item.uri): (await client.read_resource(item.uri)).contents[0].text
            for item in listed
        }

    names = {uri.removeprefix("plurigrid-ff://") for uri in texts}
    assert names == {"guide", "limits", "skills", "triads"}
    assert texts["plurigrid-ff://guide"].startswith("---\nname: forward-forward-learning\n")
    triads = json.loads(texts["plurigrid-ff://triads"])["triads"]
    assert [triad["name"] for triad in triads] == list(shipped_triads())


async def test_one_skill_one_triad_and_one_report_have_addresses(connect, work, finished):
    out, report = finished
    (work / "runs").mkdir()
    (work / "runs" / "one").mkdir()
    for path in out.iterdir():
        (work / "runs" / "one" / path.name).write_bytes(path.read_bytes())
    async with connect() as client:

        async def read(name):
            contents = (await client.read_resource(f"plurigrid-ff://{name}")).contents
            assert contents[0].mime_type == "application/json"
            return json.loads(contents[0].text)

        skill = await read("skills/open-games")
        triad = await read("triads/persistent-homology-open-games-forward-forward")
        found = await read("runs/runs/one")

    assert skill["trit"] == 0
    assert triad["validator"] == "persistent-homology"
    assert found == report.model_dump(mode="json")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("skills/open-game", "unknown skill 'open-game'; did you mean 'open-games'?"),
        ("triads/nope", "unknown triad 'nope'; known: "),
        ("runs/nope", "run: unknown run 'nope'; train makes one"),
        ("runs/../secret", "Unknown resource"),
        ("runs/..%2F..%2Fsecret", "Unknown resource"),
        ("runs/%2Fetc", "Unknown resource"),
        ("runs/a%00b", "Unknown resource"),
        ("runs/~", "leads out of the working folder"),
        ("runs/link", "leads out of the working folder"),
        ("secrets", "Unknown resource"),
    ],
)
async def test_what_is_not_there_or_leads_out_is_refused(connect, work, tmp_path, name, complaint):
    (work / "link").symlink_to(tmp_path)
    async with connect() as client:
        with pytest.raises(MCPError) as caught:
            await client.read_resource(f"plurigrid-ff://{name}")

    assert complaint in str(caught.value)


async def test_prompts_name_only_tools_that_exist(connect):
    from plurigrid_ff.mcp_server.tools import TOOLS

    needs = {"explain_run": {"run": "runs/a"}, "label_samples": {"run": "a", "samples": "b.csv"}}
    async with connect() as client:
        listed = (await client.list_prompts()).prompts
        texts = {
            prompt.name: (await client.get_prompt(prompt.name, needs.get(prompt.name, {})))
            .messages[0]
            .content.text
            for prompt in listed
        }

    named = {
        word.strip(".,;:") for text in texts.values() for word in text.split() if "_" in word
    } - {"test_accuracy"}
    assert set(texts) == {"train_and_judge", "compare_objectives", "explain_run", "label_samples"}
    assert named <= TOOLS.keys()
    assert named
