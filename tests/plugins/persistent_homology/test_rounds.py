"""Diagrams of every round: kept, carried through an interrupt, and compared."""

import json
import shutil

import networkx as nx
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from plurigrid_ff_persistent_homology import PersistentHomologyConfig, commands
from plurigrid_ff_persistent_homology.diagrams import Diagrams, activity_diagrams
from plurigrid_ff_persistent_homology.history import FILE, DiagramHistory, Origin
from plurigrid_ff_persistent_homology.rounds import compare_rounds, follow_rounds
from plurigrid_ff_persistent_homology.validator import PersistentHomology

from plurigrid_ff import RunConfig, find_triad, train
from plurigrid_ff.cli import Options
from plurigrid_ff.errors import CheckpointError, DataError, RunFolderError
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.ports import ACTIVITIES, INITIAL_ACTIVITIES, Inbox, LayerActivities
from plurigrid_ff.host.society import Society
from plurigrid_ff.learning.checkpoint import load_network
from plurigrid_ff.observation import observe

TRIAD = find_triad("persistent-homology-open-games-forward-forward")
NAMES = ("north", "south/east")


def run_config(**changes):
    values = {
        "network": {"hidden": (16, 12)},
        "training": {"epochs": 3, "epochs_per_round": 1, "batch_size": 256},
        "device": "cpu",
        "triad": TRIAD,
        "skills": {"persistent-homology": {"landmarks": 16}},
    }
    return RunConfig.model_validate(values | changes)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    train(run_config(), folder / "a")
    for name in ("other", "plain"):
        shutil.copytree(folder / "a", folder / name)
    (folder / "plain" / FILE).unlink()
    history = DiagramHistory.read(folder / "other" / FILE)
    history.origin = history.origin.model_copy(update={"probes": "others"})
    history.write(folder / "other" / FILE)
    return folder


def test_the_last_kept_diagrams_are_those_of_the_networks_activities(runs):
    from plurigrid_ff.data.load import load_dataset

    history = DiagramHistory.read(runs / "a" / FILE)

    network, _ = load_network(runs / "a" / "network.safetensors")
    probes = load_dataset(run_config().data, seed=0).validation.x
    assert sorted(history.rounds) == [0, 1, 2, 3]
    for kept, h in zip(history.rounds[3]["agent-0"], observe(network, probes).layers, strict=True):
        again = activity_diagrams(h, landmarks=16, where="layer")
        np.testing.assert_allclose(kept.h0, again.h0, atol=1e-6)
        np.testing.assert_allclose(kept.h1, again.h1, atol=1e-6)


def test_log_evidence_and_command_tell_the_same_distances(runs):
    told = [
        entry.summary["moved"]["agent-0"]
        for entry in read_log(runs / "a" / "rounds.jsonl")
        if entry.role == "validator"
    ]
    report = json.loads((runs / "a" / "report.json").read_text("utf-8"))
    (table,) = [t for t in report["verdict"]["tables"] if t["title"].startswith("Diagrams since")]

    found = follow_rounds(runs / "a").moves

    by_round = [found[2 * k : 2 * k + 2] for k in range(3)]
    for moves, numbers in zip(by_round, told, strict=True):
        assert [m.wasserstein_h0 for m in moves] == pytest.approx(numbers, rel=1e-3)
    assert [row[:3] for row in table["rows"]] == [["agent-0", 1, 2], ["agent-0", 2, 2]]
    assert [row[4] for row in table["rows"]] == pytest.approx(told[2], rel=1e-3)
    assert "Diagrams since the round before" in (runs / "a" / "report.html").read_text("utf-8")


def validated(validator, rounds):
    """What the validator says of three rounds in which two classes drift apart."""
    rng = np.random.default_rng(0)
    y = np.arange(120, dtype=np.int64) % 2
    x = rng.normal(size=(120, 6)).astype(np.float32)
    graph = nx.Graph()
    graph.add_nodes_from(NAMES)
    society = Society(graph, x, y, num_classes=2, seed=0)
    away = np.eye(2, 6, dtype=np.float32)[y]
    verdicts = []
    for round in rounds:
        seen = [LayerActivities(x, (x + reach * away,)) for reach in (round, 0)]
        values = [dict.fromkeys(NAMES, activities) for activities in seen]
        ports = dict(zip((ACTIVITIES.name, INITIAL_ACTIVITIES.name), values, strict=True))
        verdicts.append(validator.validate(Inbox("persistent-homology", round, society, ports)))
    return verdicts


def test_an_interrupted_validator_goes_on_from_the_round_before(tmp_path):
    config = PersistentHomologyConfig(landmarks=16)
    whole = validated(PersistentHomology(config), (1, 2, 3))
    first, second = PersistentHomology(config), PersistentHomology(config)

    begun = validated(first, (1, 2))
    first.save_state(tmp_path)
    second.load_state(tmp_path)

    assert begun + validated(second, (3,)) == whole
    assert set(whole[2].summary["moved"]) == set(NAMES)
    assert whole[2].summary != whole[1].summary


def test_only_the_last_round_is_kept_where_that_is_asked_for(tmp_path):
    config = PersistentHomologyConfig(landmarks=16)
    short = PersistentHomology(config.model_copy(update={"keep_rounds": False}))

    same = validated(short, (1, 2)) == validated(PersistentHomology(config), (1, 2))
    short.save_files(tmp_path)

    assert same
    assert list(DiagramHistory.read(tmp_path / FILE).rounds) == [2]


@given(st.lists(st.integers(0, 20), min_size=1, unique=True).map(sorted))
def test_the_round_before_is_the_last_that_was_kept(rounds):
    every, last = DiagramHistory(), DiagramHistory()
    for round in rounds:
        expected = every.before(round)
        assert expected == last.before(round)
        assert expected is None or expected[0] == max(r for r in rounds if r < round)
        every.keep(round, {"a": ()})
        last.keep(round, {"a": ()}, only=True)

    assert list(every.rounds) == rounds
    assert list(last.rounds) == rounds[-1:]


def test_a_round_is_at_no_distance_from_itself_and_the_steps_bound_the_way(runs):
    same = compare_rounds(runs / "a", 2, runs / "a", 2).layers
    way = compare_rounds(runs / "a", 0, runs / "a", 3, layer=2).layers
    steps = follow_rounds(runs / "a", layer=2).moves

    assert all(item.wasserstein_h0 == pytest.approx(0, abs=1e-12) for item in same)
    assert len(way) == 1
    assert 0 < way[0].wasserstein_h0 <= sum(step.wasserstein_h0 for step in steps) + 1e-9


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("a@0", "a"), 2, "'a' names no round"),
        (("a@0", "a@9"), 1, "a@9: no diagrams of this round; kept are rounds 0, 1, 2, 3"),
        (("a@0", "other@0"), 1, "other: its diagrams are of other probes"),
        (("plain@0", "a@0"), 1, "plain: kept no diagrams"),
        (("nowhere@0", "a@0"), 1, "nowhere: not a run folder"),
        (("a@0", "a@1", "--layer", "3"), 1, "expected one of the 2 layers"),
        (("a@0", "a@1", "--samples", "80"), 2, "--samples: diagrams of rounds are kept"),
    ],
)
def test_rounds_that_cannot_be_compared_get_one_sentence(
    runs, monkeypatch, arguments, status, message
):
    monkeypatch.chdir(runs)

    result = CliRunner().invoke(commands.topology, ["compare", *arguments], obj=Options())

    assert result.exit_code == status
    assert message in result.stderr


def test_rounds_are_printed_for_people_and_programs(runs, monkeypatch):
    monkeypatch.chdir(runs)

    def call(*arguments):
        result = CliRunner().invoke(commands.topology, arguments, obj=Options())
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "B, round 3, layer 1 of agent-0" in call("compare", "a@1", "a@3")
    assert "rounds 0, 1, 2, 3" in call("rounds", "a")
    assert len(json.loads(call("rounds", "a", "--layer", "1", "--json"))["moves"]) == 3


def layers():
    number = st.floats(0, 2, allow_subnormal=False)
    return st.builds(
        lambda ends, loops, radius: Diagrams(
            np.column_stack([np.zeros_like(ends), ends]), loops, radius
        ),
        arrays.arrays(np.float64, st.integers(0, 4), elements=number),
        arrays.arrays(np.float64, st.tuples(st.integers(0, 3), st.just(2)), elements=number),
        number,
    )


@settings(max_examples=15)
@given(
    rounds=st.dictionaries(
        st.integers(0, 9),
        st.fixed_dictionaries({name: st.tuples(layers(), layers()) for name in NAMES}),
        max_size=3,
    )
)
def test_what_is_written_is_read_again(tmp_path_factory, rounds):
    path = tmp_path_factory.mktemp("kept") / FILE
    written = DiagramHistory(Origin(probes="ab", count=3, landmarks=4), rounds)

    written.write(path)
    read = DiagramHistory.read(path)

    assert read.origin == written.origin
    assert sorted(read.rounds) == sorted(rounds)
    for round, agents in rounds.items():
        for name, kept in agents.items():
            for one, two in zip(kept, read.rounds[round][name], strict=True):
                np.testing.assert_array_equal(one.h0, two.h0)
                np.testing.assert_array_equal(one.h1, two.h1)
                assert one.radius == two.radius


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"torn")

    with pytest.raises(CheckpointError, match="holds no diagrams that can be read"):
        DiagramHistory.read(tmp_path / FILE)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="not a run folder"):
        follow_rounds(tmp_path)


def test_a_run_without_the_validator_has_no_rounds_to_follow(runs):
    with pytest.raises(DataError, match="kept no diagrams"):
        follow_rounds(runs / "plain")
