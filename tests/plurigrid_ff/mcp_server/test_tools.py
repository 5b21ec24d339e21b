"""Every tool through a client: what it says of itself, what it refuses, what it lists."""

import anyio
import jsonschema
import pytest

from plurigrid_ff.host.triad import find_triad, shipped_triads
from plurigrid_ff.mcp_server.plugin_tools import FIRST_PARTY
from plurigrid_ff.mcp_server.tools import TOOLS

TRIAD = "persistent-homology-open-games-forward-forward"
READ_ONLY = {
    "evaluate",
    "list_triads",
    "check_triad",
    "list_skills",
    "list_objectives",
    "list_recipes",
    "show_recipe",
    "list_datasets",
    "show_limits",
    "enumerate_triads",
    "suggest_skills",
    "lint_cards",
    "replay",
    "check_certificate",
    "check_drift",
    "compare_rounds",
    "evolve_step",
    "world_run",
    "compare_topology",
    "color_at",
    "color_next",
    "color_palette",
    "color_rank",
    "nca_grow",
    "nca_learn_rule",
    "nca_step",
}
# The least that each tool can be called with.
LEAST = {
    "train": {"out": "runs/a"},
    "reproduce": {"recipe": "digits-projection", "out": "runs/a"},
    "evaluate": {"run": "runs/a"},
    "replay": {"run": "runs/a"},
    "predict": {"run": "runs/a", "samples": "new.csv"},
    "check_triad": {"triad": TRIAD},
    "compose_triad": {"skills": ["open-games", "persistent-homology", "forward-forward-learning"]},
    "show_recipe": {"name": "digits-projection"},
    "nest_triads": {"expression": TRIAD},
    "suggest_skills": {"skills": ["open-games"]},
}


@pytest.fixture
def cards(connect):
    async def listed():
        async with connect() as client:
            return (await client.list_tools()).tools

    return {card.name: card for card in anyio.run(listed)}


def test_every_tool_says_what_it_takes_what_it_answers_and_whether_it_writes(cards):
    assert cards.keys() == TOOLS.keys() | FIRST_PARTY.keys()
    for card in cards.values():
        jsonschema.Draft202012Validator.check_schema(card.input_schema)
        jsonschema.Draft202012Validator.check_schema(card.output_schema)
        assert card.description
        assert card.title
        assert card.input_schema["additionalProperties"] is False
        assert card.annotations.read_only_hint is (card.name in READ_ONLY)
        assert card.annotations.open_world_hint is False
        overwrites = "overwrite" in card.input_schema["properties"]
        assert card.annotations.destructive_hint is overwrites


def test_an_argument_is_described_wherever_it_stands(cards):
    for card in cards.values():
        for name, field in card.input_schema["properties"].items():
            # pydantic leaves out a description that the table itself has.
            assert field.get("description") or "$ref" in field, f"{card.name}: {name}"


@pytest.mark.parametrize("name", LEAST)
def test_a_missing_argument_is_named(ask, name):
    first = next(iter(LEAST[name]))

    without = {key: value for key, value in LEAST[name].items() if key != first}

    assert ask(name, without).startswith(f"{name}: {first}: field required")


@pytest.mark.parametrize("name", TOOLS)
def test_an_unknown_argument_is_refused(ask, name):
    message = ask(name, LEAST.get(name, {}) | {"verbose": True})

    assert message.startswith(f"{name}: verbose: unknown key; ")


@pytest.mark.parametrize(
    ("name", "key", "value", "complaint"),
    [
        ("train", "out", 5, "input should be a valid string"),
        ("train", "out", "", "at least 1 character"),
        ("train", "out", "a" * 1001, "at most 1000 characters"),
        ("train", "seed", -1, "greater than or equal to 0"),
        ("train", "seed", "0", "input should be a valid integer, got '0'"),
        ("train", "resume", "yes", "input should be a valid boolean"),
        ("train", "device", "tpu", "'auto', 'cpu' or 'cuda'"),
        ("train", "triad", ["a", "b"], "at least 3 items"),
        ("train", "training", {"epochs": 0}, "training.epochs: input should be greater than 0"),
        ("train", "training", {"epoch": 1}, "training.epoch: unknown key; did you mean 'epochs'"),
        ("train", "network", {"hidden": []}, "network.hidden: "),
        ("train", "data", "digits", "data: "),
        ("train", "skills", {"open-games": 3}, "skills.open-games: "),
        ("reproduce", "seeds", 0, "greater than or equal to 1"),
        ("reproduce", "seeds", 101, "less than or equal to 100"),
        ("reproduce", "seeds", 1.5, "input should be a valid integer"),
        ("evaluate", "run", None, "input should be a valid string"),
        ("evaluate", "data", 7, "input should be a valid string"),
        ("predict", "show", 1001, "less than or equal to 1000"),
        ("predict", "samples", [], "input should be a valid string"),
        ("check_triad", "triad", {}, "input should be a valid string"),
        ("compose_triad", "skills", "open-games", "input should be a valid array"),
        ("compose_triad", "overwrite", 1, "input should be a valid boolean"),
        ("show_recipe", "name", True, "input should be a valid string"),
        ("nest_triads", "expression", "", "at least 1 character"),
        ("nest_triads", "expression", "(" * 65537, "at most 65536 characters"),
        ("suggest_skills", "skills", [], "at least 1 item"),
        ("suggest_skills", "skills", ["a"] * 101, "at most 100 items"),
    ],
)
def test_an_argument_of_another_type_or_out_of_range_is_refused(ask, name, key, value, complaint):
    message = ask(name, LEAST[name] | {key: value})

    assert message.startswith(f"{name}: {key}")
    assert complaint in message


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("train", {"out": "../x"}, "out: '../x' leads out of the working folder"),
        ("train", {"out": "."}, ".: exists and is not a finished run, so it is left alone"),
        ("train", {"out": "a", "recipe": "digits-projektion"}, "mean 'digits-projection'?"),
        ("train", {"out": "a", "recipe": "../secret.toml"}, "recipe: '../secret.toml' leads out"),
        ("train", {"out": "a", "triad": "/etc/hosts"}, "triad: '/etc/hosts' leads out"),
        ("train", {"out": "a", "triad": "nope"}, "unknown triad 'nope'; known: "),
        ("train", {"out": "a", "data": {"source": "../secret.toml"}}, "data.source: '../secret"),
        ("train", {"out": "a", "data": {"source": "~/x.csv"}}, "data.source: '~/x.csv' leads out"),
        (
            "train",
            {"out": "a", "training": {"epochs": 201}},
            "training.epochs: expected at most 200",
        ),
        ("train", {"out": "a", "network": {"hidden": [4097]}}, "network.hidden: expected at most"),
        ("reproduce", {"recipe": "digits-symbol", "out": "a"}, "did you mean 'digits-symba'?"),
        ("reproduce", {"recipe": "digits-symba", "out": ".."}, "out: '..' leads out"),
        ("evaluate", {"run": "nope"}, "run: unknown run 'nope'; train makes one"),
        ("evaluate", {"run": "/tmp"}, "run: '/tmp' leads out"),
        ("predict", {"run": "../x", "samples": "a.csv"}, "run: '../x' leads out"),
        ("check_triad", {"triad": "../secret.toml"}, "triad: '../secret.toml' leads out"),
        ("check_triad", {"triad": f"{TRIAD}s"}, f"did you mean '{TRIAD}'?"),
        ("check_triad", {"triad": ["open-game", "a", "b"]}, "unknown skill 'open-game'"),
        ("compose_triad", LEAST["compose_triad"] | {"out": "../t.toml"}, "out: '../t.toml' leads"),
        ("compose_triad", LEAST["compose_triad"] | {"out": "t.py"}, "expected a .toml file"),
        ("show_recipe", {"name": "/etc/hosts"}, "name: '/etc/hosts' leads out"),
        ("nest_triads", {"expression": TRIAD, "out": "a.toml"}, "name and out go together"),
        (
            "nest_triads",
            {"expression": TRIAD, "name": "a", "out": "../a.toml"},
            "out: '../a.toml' leads out",
        ),
        ("nest_triads", {"expression": TRIAD, "name": "a", "out": "a.py"}, "expected a .toml file"),
        ("suggest_skills", {"skills": ["open-game"]}, "did you mean 'open-games'?"),
        ("suggest_skills", {"skills": ["unworld", "unworld"]}, "'unworld' is named twice"),
        ("enumerate_triads", {"kind": "all"}, "'balanced', 'strict' or 'well-typed', got 'all'"),
        ("lint_cards", {"path": "../.."}, "path: '../..' leads out"),
        ("lint_cards", {"show": 1001}, "less than or equal to 1000"),
        ("trian", {}, "unknown tool 'trian'; did you mean 'train'?"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(ask, work, name, arguments, complaint):
    message = ask(name, arguments)

    assert complaint in message
    assert "Traceback" not in message
    assert "--" not in message.replace("--max-", "")  # options of another door
    assert list(work.iterdir()) == []


def test_triads_are_those_of_the_library_and_can_be_checked(ask):
    listed = ask("list_triads", {})["triads"]

    assert [triad["name"] for triad in listed] == list(shipped_triads())
    ready = next(triad for triad in listed if triad["name"] == TRIAD)
    assert ready["faults"] == []
    assert ready == ask("check_triad", {"triad": TRIAD})
    composed = ask("check_triad", {"triad": LEAST["compose_triad"]["skills"]})
    assert composed["skills"] == ready["skills"]


def test_a_composed_triad_is_written_once_and_can_be_named(ask, work):
    arguments = LEAST["compose_triad"] | {"name": "mine", "out": "triads/mine.toml"}

    check = ask("compose_triad", arguments)

    assert check["name"] == "mine"
    assert find_triad(str(work / "triads" / "mine.toml")).coordinator == "open-games"
    assert ask("check_triad", {"triad": "triads/mine.toml"}) == check
    assert ask("compose_triad", arguments) == (
        "triads/mine.toml: exists; overwrite=true to replace it"
    )
    assert ask("compose_triad", arguments | {"overwrite": True}) == check


def test_recipes_are_listed_and_shown_and_one_of_ones_own_is_read(ask, work):
    listed = {recipe["name"]: recipe for recipe in ask("list_recipes", {})["recipes"]}

    shown = ask("show_recipe", {"name": "digits-symba"})

    assert listed["digits-symba"] == {k: v for k, v in shown.items() if k != "toml"}
    (work / "own.toml").write_text(shown["toml"].replace("digits-symba", "own", 1))
    assert ask("show_recipe", {"name": "own.toml"})["name"] == "own"


def test_skills_and_data_sets_are_listed(ask):
    skills = {skill["name"]: skill for skill in ask("list_skills", {})["skills"]}
    data = {item["name"]: item for item in ask("list_datasets", {})["datasets"]}

    assert skills["open-games"]["state"] == "installed"
    assert skills["open-games"]["trit"] == 0
    assert data["digits"]["found"] is True


def test_the_state_names_the_folder_and_the_limits(ask, work):
    state = ask("show_limits", {}, max_epochs=7, concurrency=3)

    assert state["folder"] == str(work)
    assert state["limits"]["max_epochs"] == 7
    assert state["training"] == {"running": 0, "waiting": 0}
