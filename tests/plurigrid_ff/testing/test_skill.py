"""Every check turns red for a skill that is broken in just that way."""

import random
import subprocess
import sys
import time
from typing import Any

import numpy as np
import plurigrid_ff_forward_forward_learning
import plurigrid_ff_open_games
import plurigrid_ff_persistent_homology
import plurigrid_ff_unworld
import pytest
import torch
from pydantic import Field
from safetensors.numpy import save_file

from plurigrid_ff.config import Settings
from plurigrid_ff.host.ports import ACTIVITIES, GAINS, SCHEDULE, LayerSchedule, Outbox, Port
from plurigrid_ff.host.skill import Role, Skill, SkillCard
from plurigrid_ff.results import Assessment, Verdict
from plurigrid_ff.testing import check_skill

COUNT: Port[int] = Port("count", int, "A count.")


class Coordinating:
    """A sound coordinator with a count of its own, kept over an interrupt."""

    def __init__(self) -> None:
        self.count = 0

    def coordinate(self, inbox):
        self.count += 1
        outbox = Outbox(summary={"count": self.count})
        outbox.put(SCHEDULE, dict.fromkeys(inbox[GAINS], LayerSchedule(trains=(True, False))))
        outbox.put(COUNT, self.count)
        return outbox

    def save_state(self, folder):
        (folder / "count").write_text(str(self.count))

    def load_state(self, folder):
        self.count = int((folder / "count").read_text())


class Validating:
    """A sound validator."""

    measure, limit, reason = 0.5, 1.0, "it was measured"

    def validate(self, inbox):
        return Verdict(passed=True, measure=self.measure, limit=self.limit, reason=self.reason)


class Generating:
    """A sound generator without a network."""

    def generate(self, inbox):
        return Outbox()


KINDS: dict[type, dict[str, Any]] = {
    Coordinating: {
        "role": Role.COORDINATOR,
        "consumes": ("gains",),
        "feedback": ("count",),
        "produces": ("schedule", "count"),
    },
    Validating: {"role": Role.VALIDATOR, "consumes": ("activities", "gains")},
    Generating: {"role": Role.GENERATOR, "feedback": ("schedule",)},
}


def make(working=Coordinating, *, config=Settings, build=None, ports=None, **card) -> Skill:
    """Make a skill of a sound or broken class."""
    (base,) = [kind for kind in KINDS if issubclass(working, kind)]
    if ports is None:
        ports = (COUNT,) if base is Coordinating else ()
    about = {"name": "tried", "version": "1", "summary": "For tests."} | KINDS[base] | card
    about_it = SkillCard.model_construct(**about)
    return Skill(about_it, config, build or (lambda config, context: working()), ports)


class WithoutDefault(Settings):
    limit: float = Field(description="Limit.")


class WithoutDescription(Settings):
    limit: float = 1.0


class LossyInJson(Settings):
    shape: Any = Field((1, 2), description="A tuple that JSON turns into a list.")


CARDS = [
    (make(name="Not Kebab"), "name: expected lower-case words joined by hyphens, got 'Not Kebab'"),
    (make(role=0), "role: expected a Role, whose value is the trit, got 0"),
    (make(name="sheaf-cohomology"), "expected the validator that this name is known as, got coord"),
    (make(feedback=("gains",)), "consumes and feedback: expected every port once, got gains twice"),
    (make(produces=("count", "count")), "produces: expected every port once, got count twice"),
    (
        make(Generating, consumes=("schedule",), feedback=()),
        "expected ports that are written before the generator acts, got schedule; name them under",
    ),
    (make(produces=()), "produces: expected at least one port that others read, got none"),
]
PORTS = [
    (make(ports=("count",)), "expected a plurigrid_ff.Port, got 'count'"),
    (
        make(ports=(COUNT, Port("gains", int, "Mine."))),
        "gains: expected a name that no standard port has, got a second definition",
    ),
    (
        make(ports=(COUNT, Port("other", int, "Mine."))),
        "other: expected a port that the card produces",
    ),
    (make(ports=()), "expected a definition of every port that the card produces, got none of cou"),
]
SHARED = Coordinating()
BUILDS = [
    (make(config=WithoutDefault), "limit: expected a default, got none"),
    (make(config=WithoutDescription), "limit: expected a description, got none"),
    (make(config=LossyInJson), "expected defaults that come back from JSON unchanged"),
    (
        make(ports=(Port("count", float, "A count."),)),
        "port 'count': expected a value that comes back from JSON unchanged, got 1.0 from 1",
    ),
    (make(config=dict), "expected a subclass of plurigrid_ff.Settings, got <class 'dict'>"),
    (
        make(build=lambda config, context: Validating()),
        r"expected an object with a method coordinate\(\), got a Validating",
    ),
    (make(build=lambda config, context: SHARED), "expected a new object from every call, got the"),
    (
        make(consumes=("gains", "foreign")),
        r"port 'foreign': expected a sample value, .*values=\{'foreign': SAMPLE\}",
    ),
]


class ChangingItsInbox(Validating):
    def validate(self, inbox):
        for activities in inbox[ACTIVITIES].values():
            activities.layers[0][:] = 0
        return super().validate(inbox)


class ChangingProbes(Validating):
    def validate(self, inbox):
        inbox.society.probes[:] = 0
        return super().validate(inbox)


class Drawing(Validating):
    draw = random.random

    def validate(self, inbox):
        type(self).draw()
        return super().validate(inbox)


class DrawingFromNumpy(Drawing):
    draw = np.random.random


class DrawingFromTorch(Drawing):
    draw = lambda: torch.rand(1)  # noqa: E731


class ReturningABool(Validating):
    def validate(self, inbox):
        return True


class Mute(Validating):
    reason = " "


class Upward(Validating):
    measure = 2.0


class ReturningADict(Coordinating):
    def coordinate(self, inbox):
        return super().coordinate(inbox).values


class WritingTooMuch(Coordinating):
    def coordinate(self, inbox):
        outbox = super().coordinate(inbox)
        outbox.put(GAINS, inbox[GAINS])
        return outbox


class WritingAnotherType(Coordinating):
    def coordinate(self, inbox):
        outbox = super().coordinate(inbox)
        outbox.put(COUNT, "three")
        return outbox


class WritingWhatHasNoDigest(Coordinating):
    def coordinate(self, inbox):
        outbox = super().coordinate(inbox)
        outbox.put(COUNT, {1, 2})
        return outbox


class ReadingWhatItsCardDoesNotSay(Validating):
    def validate(self, inbox):
        inbox[SCHEDULE]
        return super().validate(inbox)


class Networked(Generating):
    """A sound generator with a network of one number."""

    num_parameters: Any = 1

    def assess(self):
        return Assessment(
            split="test", samples=1, accuracy=1.0, layers=(), confusion=(), class_names=()
        )

    def save_network(self, path):
        save_file({"weight": np.ones(1, np.float32)}, path)


class Uncounted(Networked):
    def num_parameters(self):
        return 1


class Unmeasured(Networked):
    def assess(self):
        return 0.9


class Unsaved(Networked):
    def save_network(self, path):
        pass


class SavedAsText(Networked):
    def save_network(self, path):
        path.write_text("a network")


class SummingUpNan(Coordinating):
    def coordinate(self, inbox):
        outbox = super().coordinate(inbox)
        outbox.summary["share"] = float("nan")
        return outbox


class ReadingTheClock(Coordinating):
    def coordinate(self, inbox):
        outbox = super().coordinate(inbox)
        outbox.put(COUNT, time.perf_counter_ns())
        return outbox


class DrawingAtBirth(Coordinating):
    def __init__(self):
        super().__init__()
        self.count = random.randrange(1 << 30)


class SummingUpTheClock(Coordinating):
    def coordinate(self, inbox):
        outbox = super().coordinate(inbox)
        outbox.summary["at"] = time.perf_counter_ns()
        return outbox


class Forgetting(Coordinating):
    def save_state(self, folder):
        pass

    def load_state(self, folder):
        pass


BEHAVIOUR = [
    (ChangingItsInbox, "in round 1: expected the ports in the inbox to stay as they were"),
    (ChangingProbes, "expected the society's probes and labels to stay as they were"),
    (Drawing, "expected no draw from a global random generator"),
    (DrawingFromNumpy, "expected no draw from a global random generator"),
    (DrawingFromTorch, "expected no draw from a global random generator"),
    (ReturningABool, "expected a Verdict, got a bool"),
    (Mute, "reason: expected one sentence, got nothing"),
    (Upward, "expected passed only where measure <= limit, got passed with measure 2 and limit 1"),
    (ReturningADict, r"coordinate\(\) in round 1: expected an Outbox, got a dict"),
    (WritingTooMuch, r"produces, \['count', 'schedule'\], got \['count', 'gains', 'schedule'\]"),
    (WritingAnotherType, "port 'count': expected a value of the port's type, .*got 'three'"),
    (WritingWhatHasNoDigest, "port 'count': expected a value that the log can take a digest of"),
    (ReadingWhatItsCardDoesNotSay, "expected a call that returns, got PluginError: .*'schedule'"),
    (Uncounted, "num_parameters: expected a whole number"),
    (Unmeasured, r"assess\(\): expected an Assessment, got a float"),
    (Unsaved, r"save_network\(\): expected a safetensors file at the path"),
    (SavedAsText, r"save_network\(\): expected a safetensors file at the path"),
    (SummingUpNan, "summary: expected values that go to JSON, without nan and infinity"),
    (ReadingTheClock, "port 'count' in round 1: expected the same outputs from the same seed"),
    (DrawingAtBirth, "port 'count' in round 1: expected the same outputs from the same seed"),
    (SummingUpTheClock, "summary in round 1: expected the same outputs from the same seed"),
    (Forgetting, "resumed: port 'count' in round 3: expected the outputs of the uninterrupted run"),
]


@pytest.mark.parametrize("kind", [*KINDS, Networked])
def test_a_sound_skill_passes(kind):
    check_skill(make(kind))


@pytest.mark.parametrize(
    "plugin",
    [
        plurigrid_ff_forward_forward_learning,
        plurigrid_ff_open_games,
        plurigrid_ff_persistent_homology,
        plurigrid_ff_unworld,
    ],
)
def test_the_first_party_skills_pass(plugin):
    check_skill(plugin.SKILL)


def test_a_port_of_another_plugin_is_read_from_a_sample():
    check_skill(make(consumes=("gains", "foreign")), values={"foreign": [1, 2]})


def test_a_card_alone_is_checked():
    check_skill(make().card)
    with pytest.raises(AssertionError, match="name: expected lower-case words"):
        check_skill(make(name="Bad").card)


def test_something_else_is_refused():
    with pytest.raises(AssertionError, match="expected a Skill or a SkillCard, got 3; pass what"):
        check_skill(3)


@pytest.mark.parametrize(("skill", "message"), [*CARDS, *PORTS, *BUILDS])
def test_a_broken_skill_is_told_what_is_wrong(skill, message):
    with pytest.raises(AssertionError, match=message):
        check_skill(skill)


@pytest.mark.parametrize(("working", "message"), BEHAVIOUR)
def test_a_skill_that_behaves_badly_is_told_so(working, message):
    with pytest.raises(AssertionError, match=message):
        check_skill(make(working))


def test_checking_leaves_the_callers_random_numbers_alone():
    random.seed(0)
    np.random.seed(0)
    expected = random.random(), np.random.random()

    random.seed(0)
    np.random.seed(0)
    check_skill(make())

    assert (random.random(), np.random.random()) == expected


def test_the_checks_load_torch_only_for_an_objective():
    program = (
        "import sys; from plurigrid_ff.testing import check_skill; sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize(
    "skill",
    [
        make(Generating, feedback=("schedule", "verdict", "foreign")),
        make(Coordinating, feedback=("count", "verdict", "foreign")),
        make(Validating, consumes=("schedule", "gains"), feedback=("verdict", "foreign")),
    ],
    ids=["generator", "coordinator", "validator"],
)
def test_what_is_fed_back_may_come_from_any_role_and_from_other_plugins(skill):
    check_skill(skill, values={"foreign": {"agent-0": [1, 2]}})
    with pytest.raises(AssertionError, match="port 'foreign': expected a sample value"):
        check_skill(skill)


def test_the_settings_that_are_asked_for_are_those_it_runs_with():
    class Limited(Settings):
        limit: float = Field(1.0, description="Limit.")

    def build(config, context):
        validating = Validating()
        validating.limit = config.limit
        return validating

    skill = make(Validating, config=Limited, build=build)

    check_skill(skill)
    with pytest.raises(AssertionError, match="with measure 0.5 and limit 0.1"):
        check_skill(skill, settings={"limit": 0.1})
