import numpy as np
import pytest

from plurigrid_ff.config import RunConfig, TrainingConfig
from plurigrid_ff.errors import CheckpointError, PluginError
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.ports import GAINS, VERDICT, LayerSchedule, Outbox
from plurigrid_ff.host.rounds import Rounds
from plurigrid_ff.host.skill import Role, RunContext
from plurigrid_ff.host.society import build_society

CONFIG = RunConfig(training=TrainingConfig(epochs=5, epochs_per_round=1))


@pytest.fixture
def context(blobs):
    society = build_society(CONFIG, blobs)
    return RunContext(CONFIG, blobs, society)


@pytest.fixture
def start(trio, context, tmp_path):
    def begin(skills=None, **listeners):
        return Rounds(skills or trio, context, tmp_path, **listeners)

    return begin


def test_a_round_is_generate_coordinate_validate(start, tmp_path):
    outcome = start().run()

    entries = read_log(tmp_path / "rounds.jsonl")
    assert [entry.role for entry in entries] == ["generator", "coordinator", "validator"] * 5
    assert [entry.round for entry in entries] == [r for r in range(1, 6) for _ in range(3)]
    assert outcome.log.trit_sum == 0
    assert outcome.verdict.passed


def test_digests_of_what_was_written_are_those_of_what_was_read(start):
    entries = start().run().log.entries

    generator, coordinator, validator = entries[:3]
    assert coordinator.inputs == {"gains": generator.outputs["gains"]}
    assert validator.inputs == coordinator.inputs
    assert entries[3].inputs == {"schedule": coordinator.outputs["schedule"]}


def test_feedback_comes_one_round_late(start, counting):
    start().run()

    first, *later = counting.seen
    assert first is None
    assert later[0] == {"agent-0": LayerSchedule(trains=(False,))}  # round 1 gained nothing
    assert later[1] == {"agent-0": LayerSchedule(trains=(True,))}


def test_a_generator_runs_alone_and_nobody_can_say_no(start, trio):
    outcome = start({Role.GENERATOR: trio[Role.GENERATOR]}).run()

    assert outcome.verdict is None
    assert outcome.log.trit_sum == (5 % 3) - 3 * (5 % 3 == 2)


@pytest.mark.parametrize("interrupted_at", [0, 1, 3])
def test_a_resumed_run_is_the_uninterrupted_one(
    start, trio, context, counting, parts, make_skill, tmp_path, interrupted_at
):
    whole = Rounds(trio, context, tmp_path / "whole")
    (tmp_path / "whole").mkdir()
    expected = whole.run().log.entries

    def again(fail_at):
        counting = make_skill(
            "counting",
            Role.GENERATOR,
            parts["generator"](fail_at),
            feedback=("schedule",),
            produces=("gains",),
        )
        return start({**trio, Role.GENERATOR: counting})

    with pytest.raises(KeyboardInterrupt):
        again(interrupted_at).run()
    resumed = again(None).run()

    assert resumed.log.entries == expected
    assert read_log(tmp_path / "rounds.jsonl") == expected
    assert resumed.verdict.passed


def test_only_the_last_checkpoint_is_kept(start, tmp_path):
    start().run()

    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-000005"]


def test_a_damaged_checkpoint_is_refused(start, tmp_path):
    start().run()
    (tmp_path / "checkpoint-000005" / "host.json").write_text('{"rounds": 5}')

    with pytest.raises(CheckpointError, match=r"host\.json: damaged; start again with --overwrite"):
        start().run()


def test_progress_and_entries_are_reported(start):
    shares, entries = [], []

    start(on_progress=shares.append, on_entry=entries.append).run()

    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(entries) == 15


class Broken:
    """Breaks one promise."""

    def __init__(self, result):
        self.result = result

    def generate(self, inbox):
        return self.result

    coordinate = validate = generate


def wrong_port():
    outbox = Outbox()
    outbox.put(VERDICT, None)
    return outbox


@pytest.mark.parametrize(
    ("role", "result", "message"),
    [
        (Role.GENERATOR, None, r"generate\(\) must return an Outbox, got a NoneType"),
        (Role.GENERATOR, Outbox(), r"expected \['gains'\], got \[\]"),
        (Role.GENERATOR, wrong_port(), r"expected \['gains'\], got \['verdict'\]"),
        (Role.COORDINATOR, 3, r"coordinate\(\) must return an Outbox, got a int"),
        (Role.VALIDATOR, True, r"validate\(\) must return a Verdict, got a bool"),
    ],
)
def test_a_skill_that_breaks_its_card_is_named(start, trio, make_skill, role, result, message):
    card = trio[role].card.model_dump(include={"consumes", "feedback", "produces"})
    broken = make_skill("broken", role, Broken(result), **card)

    with pytest.raises(PluginError, match=f"'broken'.*{message}"):
        start({**trio, role: broken}).run()


def test_a_skill_without_the_method_of_its_role_is_refused_before_work(start, trio, make_skill):
    hollow = make_skill("hollow", Role.VALIDATOR, object(), consumes=("gains",))

    with pytest.raises(
        PluginError, match=r"'hollow' builds a object, which has no method validate"
    ):
        start({**trio, Role.VALIDATOR: hollow}).run()


def test_reading_a_port_that_the_card_does_not_name_is_refused(start, trio, make_skill):
    class Curious:
        def validate(self, inbox):
            return inbox[GAINS]

    curious = make_skill("curious", Role.VALIDATOR, Curious())

    with pytest.raises(
        PluginError, match="'curious' reads port 'gains', which is not in its inbox"
    ):
        start({**trio, Role.VALIDATOR: curious}).run()


def test_a_fed_back_port_must_be_defined(start, trio, make_skill, parts):
    generator = make_skill(
        "gen", Role.GENERATOR, parts["generator"](), feedback=("memo",), produces=("gains", "memo")
    )

    with pytest.raises(PluginError, match=r"'memo' is fed back, but no skill defines it"):
        start({**trio, Role.GENERATOR: generator}).run()


def test_a_society_has_one_agent_and_no_edge_by_default(blobs):
    society = build_society(CONFIG, blobs)

    assert list(society.graph) == ["agent-0"]
    assert society.graph.number_of_edges() == 0
    assert isinstance(society.probes, np.ndarray)


@pytest.fixture
def contented(parts, make_skill):
    """Make a generator that has had enough after its third round."""

    class Contented(parts["generator"]):
        def generate(self, inbox):
            outbox = super().generate(inbox)
            outbox.done = self.count == 3
            return outbox

    def make(fail_at=None):
        return make_skill(
            "contented",
            Role.GENERATOR,
            Contented(fail_at),
            feedback=("schedule",),
            produces=("gains",),
        )

    return make


def test_a_generator_that_is_done_ends_the_run_with_that_round(start, trio, contented):
    shares = []

    outcome = start({**trio, Role.GENERATOR: contented()}, on_progress=shares.append).run()

    assert outcome.rounds == 3
    assert [entry.round for entry in outcome.log.entries] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert outcome.verdict.passed
    assert shares[-1] == 1.0


@pytest.mark.parametrize("saved", [1, 3])
def test_a_run_that_ended_early_is_not_taken_up_again(
    start, trio, contented, tmp_path, monkeypatch, saved
):
    from plurigrid_ff.host import rounds

    save, count = rounds.save_checkpoint, []

    def interrupt(*arguments):
        save(*arguments)
        count.append(1)
        if len(count) == saved:
            raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "save_checkpoint", interrupt)
    with pytest.raises(KeyboardInterrupt):
        start({**trio, Role.GENERATOR: contented()}).run()

    outcome = start({**trio, Role.GENERATOR: contented()}).run()

    assert outcome.rounds == 3
    assert len(read_log(tmp_path / "rounds.jsonl")) == 9
    assert outcome.verdict.passed
