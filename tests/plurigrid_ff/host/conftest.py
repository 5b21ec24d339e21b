"""Small skills made of parts, so that a test can leave one out."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

from plurigrid_ff.config import Settings
from plurigrid_ff.host import plugins
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.ports import GAINS, SCHEDULE, LayerGain, LayerSchedule, Outbox
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.selection import VARIABLE
from plurigrid_ff.host.skill import Role, Skill, SkillCard
from plurigrid_ff.results import Verdict


class Counting:
    """A generator whose state is a counter; it trains nothing."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.count = 0
        self.fail_at = fail_at
        self.seen: list[Any] = []

    def generate(self, inbox):
        if self.count == self.fail_at:
            raise KeyboardInterrupt
        self.count += 1
        self.seen.append(inbox.get(SCHEDULE))
        outbox = Outbox(summary={"count": self.count})
        gain = LayerGain(updates=1, margin_before=-1.0, margin_after=-1.0 / self.count)
        outbox.put(GAINS, {"agent-0": (gain,)})
        return outbox

    def save_state(self, folder):
        (folder / "count").write_text(str(self.count))

    def load_state(self, folder):
        self.count = int((folder / "count").read_text())


class Scheduling:
    """A coordinator that lets the layer train while it gains."""

    def coordinate(self, inbox):
        (gain,) = inbox[GAINS]["agent-0"]
        outbox = Outbox(summary={"round": inbox.round})
        trains = gain.margin_after > gain.margin_before
        outbox.put(SCHEDULE, {"agent-0": LayerSchedule(trains=(trains,))})
        return outbox


class Judging:
    """A validator with a limit on the loss of margin."""

    def validate(self, inbox):
        (gain,) = inbox[GAINS]["agent-0"]
        measure = gain.margin_before - gain.margin_after
        return Verdict(passed=measure <= 0, measure=measure, limit=0.0, reason="margin")


def make_skill(name: str, role: Role, built: Any, **card: Any) -> Skill:
    """Make a skill that builds a given object."""
    return Skill(
        SkillCard(name=name, version="1", role=role, summary="for tests", **card),
        Settings,
        lambda config, context: built,
    )


@pytest.fixture(name="make_skill")
def make_skill_fixture():
    return make_skill


@pytest.fixture
def parts():
    """The classes that broken skills are put together from."""
    return {"generator": Counting, "coordinator": Scheduling, "validator": Judging}


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def trio(counting):
    return {
        Role.VALIDATOR: make_skill("judging", Role.VALIDATOR, Judging(), consumes=("gains",)),
        Role.COORDINATOR: make_skill(
            "scheduling",
            Role.COORDINATOR,
            Scheduling(),
            consumes=("gains",),
            produces=("schedule",),
        ),
        Role.GENERATOR: make_skill(
            "counting", Role.GENERATOR, counting, feedback=("schedule",), produces=("gains",)
        ),
    }


@pytest.fixture
def registry(trio):
    registry = Registry()
    for skill in trio.values():
        registry.register(skill, provider="tests")
    return registry


@pytest.fixture
def host(registry):
    return Host(registry)


@pytest.fixture
def install(monkeypatch):
    """Offer modules as plugins, in place of those that are installed."""
    entries = []

    def add(name: str, **members) -> None:
        module = ModuleType(f"fake_plugin_{name}")
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        entries.append(EntryPoint(name, module.__name__, "plurigrid_ff"))

    def add_missing(name: str) -> None:
        entries.append(EntryPoint(name, "no_such_module_anywhere", "plurigrid_ff"))

    add.missing = add_missing  # type: ignore[attr-defined]
    monkeypatch.setattr(plugins, "entry_points", lambda group: list(entries))
    monkeypatch.delenv(VARIABLE, raising=False)
    return add
