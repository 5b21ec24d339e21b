"""Triads in turn: what goes on, what stops, what resumes."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from plurigrid_ff.cli import main
from plurigrid_ff.config import RunConfig, Settings
from plurigrid_ff.errors import ConfigError, RunFolderError, TriadError
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.host.ports import MIXED_PARAMETERS, PARAMETERS, Outbox
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role, Skill, SkillCard
from plurigrid_ff.host.turns import format_turns, turns_from_arguments
from plurigrid_ff.report.reading import read_rounds
from plurigrid_ff.report.sequence import render_sequence
from plurigrid_ff.results import Verdict
from plurigrid_ff.runs import Watcher
from plurigrid_ff.sequences import read_sequence, run_sequence


class Halve:
    """Pulls all weights half way to 0."""

    def coordinate(self, inbox):
        outbox = Outbox()
        halved = {
            agent: {name: np.float32(0.5) * value for name, value in own.items()}
            for agent, own in inbox[PARAMETERS].items()
        }
        outbox.put(MIXED_PARAMETERS, halved)
        return outbox


class Judge:
    """Says what it is told to."""

    def __init__(self, config):
        self.says = config.says

    def validate(self, inbox):
        passed = {"yes": True, "no": False}.get(self.says)
        return Verdict(passed=passed, measure=None, limit=0.5, reason=f"told to say {self.says}")


class JudgeConfig(Settings):
    says: str = "yes"


def skill(name, role, config, build, **card):
    card = SkillCard(name=name, version="1", role=role, summary="for tests", **card)
    return Skill(card, config, build)


@pytest.fixture(scope="module")
def host():
    registry = Registry()
    registry.register(load_host().registry.skill("forward-forward-learning"), provider="ours")
    ports = {"consumes": ("parameters",), "produces": ("mixed-parameters",)}
    halve = skill("halve", Role.COORDINATOR, Settings, lambda c, x: Halve(), **ports)
    registry.register(halve, provider="tests")
    for name in ("first-judge", "second-judge"):
        judge = skill(name, Role.VALIDATOR, JudgeConfig, lambda config, context: Judge(config))
        registry.register(judge, provider="tests")
    blind = {"feedback": ("mixed-parameters",), "produces": ("parameters",)}
    silent = skill("silent", Role.GENERATOR, Settings, lambda c, x: None, **blind)
    registry.register(silent, provider="tests")
    return Host(registry)


@pytest.fixture(scope="module", autouse=True)
def no_pages():
    """Leave out the pages of the runs, which are drawn in other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plurigrid_ff.report.write_report", lambda folder: None)
        yield


EXPRESSION = (
    "first-judge * halve * forward-forward-learning then "
    "second-judge * halve * forward-forward-learning"
)


def turns(host, expression=EXPRESSION):
    return turns_from_arguments([expression], host.registry)


def settings(says="yes", **changes):
    values = {
        "network": {"hidden": (12,)},
        "training": {"epochs": 2, "epochs_per_round": 1, "batch_size": 256},
        "society": {"agents": 2},
        "skills": {"first-judge": {"says": says}},
        "device": "cpu",
    }
    return RunConfig.model_validate(values | changes)


@pytest.fixture(scope="module")
def finished(host, tmp_path_factory):
    out = tmp_path_factory.mktemp("sequences") / "two"
    return out, run_sequence(settings("undecided"), turns(host), out, host=host)


def test_each_triad_goes_on_from_what_the_one_before_ended_with(finished):
    out, report = finished

    for agent in ("agent-0", "agent-1"):
        ended = load_file(out / "stage-1" / "agents" / f"{agent}.safetensors")
        began = load_file(out / "stage-2" / "start" / "agents" / f"{agent}.safetensors")
        assert {name: value.tobytes() for name, value in ended.items()} == {
            name: value.tobytes() for name, value in began.items()
        }
    first, second = (read_log(out / f"stage-{place}" / "rounds.jsonl") for place in (1, 2))
    assert second[0].summary["continues"] == first[-1].hash == report.stages[0].log_head
    assert report.stages[1].continues == first[-1].hash
    assert "warm-start" in second[0].inputs


def test_the_sum_of_all_logs_is_conserved_and_undecidable_stops_nothing(finished, host):
    out, report = finished

    assert [stage.trit_sum for stage in report.stages] == [0, 0]
    assert report.trit_sum == 0
    assert [stage.outcome for stage in report.stages] == ["undecidable", "passed"]
    assert report.passed
    assert not report.stopped
    assert read_sequence(out) == report
    assert turns(host, str(out / "sequence.toml")) == turns(host)


def test_nothing_goes_on_from_what_a_verdict_refused(host, tmp_path):
    report = run_sequence(settings("no"), turns(host), tmp_path / "out", host=host)

    assert report.stopped
    assert not report.passed
    assert [stage.outcome for stage in report.stages] == ["failed"]
    assert not (tmp_path / "out" / "stage-2").exists()


def test_an_interrupted_sequence_goes_on_to_the_same_bytes(finished, host, tmp_path):
    whole, report = finished
    out = tmp_path / "two"
    asked = []

    def stop(share):
        if len(asked) == 2 and share >= 0.5:
            raise KeyboardInterrupt

    class Stopping:
        def __init__(self, place, triad):
            asked.append(place)

        def __enter__(self):
            return Watcher(on_progress=stop)

        def __exit__(self, *error):
            return None

    arguments = (settings("undecided"), turns(host), out)
    with pytest.raises(KeyboardInterrupt):
        run_sequence(*arguments, host=host, on_stage=Stopping)
    with pytest.raises(RunFolderError, match="holds an unfinished sequence; --resume"):
        run_sequence(*arguments, host=host)
    resumed = run_sequence(*arguments, host=host, resume=True)

    heads = [[stage.log_head for stage in one.stages] for one in (resumed, report)]
    assert heads[0] == heads[1]
    network = "stage-2/agents/agent-1.safetensors"
    assert (out / network).read_bytes() == (whole / network).read_bytes()
    assert run_sequence(*arguments, host=host, resume=True) == resumed
    assert [path.name for path in tmp_path.iterdir()] == ["two"]


def test_what_lies_there_is_not_lost(finished, host, tmp_path):
    out, _ = finished
    other = tuple(reversed(turns(host)))

    with pytest.raises(RunFolderError, match="holds a finished sequence; choose another"):
        run_sequence(settings(), turns(host), out, host=host)
    with pytest.raises(ConfigError, match="a sequence of other triads"):
        run_sequence(settings(), other, out, host=host, resume=True)
    with pytest.raises(RunFolderError, match="is not a finished sequence, so it is left alone"):
        run_sequence(settings(), turns(host), tmp_path, host=host, overwrite=True)


def test_settings_of_a_skill_that_no_triad_has_are_refused(host, tmp_path):
    with pytest.raises(ConfigError, match=r"skills.third-judge: .* this sequence does not use"):
        run_sequence(settings(skills={"third-judge": {}}), turns(host), tmp_path / "no", host=host)

    assert list(tmp_path.iterdir()) == []


def test_the_page_shows_sums_chain_and_a_curve_through_all_rounds(finished):
    out, report = finished
    logs = [read_rounds(out / stage.folder) for stage in report.stages]

    page = render_sequence(report, logs)

    assert report.stages[0].log_head[:12] in page
    assert "= 0 in GF(3)" in page
    assert 'href="stage-2/report.html"' in page
    assert "<svg" in page
    assert page == (out / "report.html").read_text("utf-8")
    assert "src=" not in page


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("({0}) * ({0}) * ({0})", "a nesting does not run: its parts are triads"),
        ("{0} then {1}", "'silent' does not go on from given weights"),
        ("{0} then (({0}) * ({0}) * ({0}))", "a nesting does not run"),
    ],
)
def test_what_cannot_run_in_turn_is_refused_with_the_reason(host, expression, words):
    one = "first-judge * halve * forward-forward-learning"
    other = "first-judge * halve * silent"

    with pytest.raises(TriadError, match=words):
        turns(host, expression.format(one, other))


def test_sequences_within_lie_end_to_end(host):
    one = "first-judge * halve * forward-forward-learning"
    left, right = f"({one} then {one}) then {one}", f"{one} then ({one} then {one})"

    assert turns(host, left) == turns(host, right)
    assert len(turns(host, left)) == 3
    assert turns(host, format_turns(turns(host, left))) == turns(host, left)


def test_a_composition_that_refers_to_itself_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, other in (("a", "b"), ("b", "a")):
        text = f'name = "{name}"\nexpression = "{other}.toml then {other}.toml"\n'
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")

    result = CliRunner().invoke(main, ["triads", "run", "a.toml", "--out", "no"])

    assert result.exit_code == 1
    assert "composition: refers to itself: " in result.stderr
    assert not (tmp_path / "no").exists()


def test_the_command_line_runs_a_sequence_and_says_where_its_runs_lie(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    triad = "persistent-homology-open-games-forward-forward"
    few = ["--hidden", "8", "--epochs", "1", "--batch-size", "512", "--json"]
    call = CliRunner().invoke

    result = call(main, ["triads", "run", triad, "then", triad, *few, "--out", "two"])
    told = call(main, ["evaluate", "two"])
    metrics = call(main, ["triads", "run", triad, "then", triad, "--metrics", "m.csv"])

    found = json.loads(result.stdout)
    assert found["planned"] == 2
    assert result.exit_code == (0 if found["stages"][-1]["outcome"] == "passed" else 3)
    assert "two/stage-1" in told.stderr
    assert (metrics.exit_code, "--metrics: is of one run" in metrics.stderr) == (2, True)
