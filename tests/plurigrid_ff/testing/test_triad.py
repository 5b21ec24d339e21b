import pytest

from plurigrid_ff.config import Settings, Triad
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.host.ports import GAINS, SCHEDULE, LayerGain, LayerSchedule, Outbox
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role, Skill, SkillCard
from plurigrid_ff.results import Verdict
from plurigrid_ff.testing import check_triad

TRIAD = Triad(name="tried", validator="judge", coordinator="plan", generator="act")


class Acting:
    def generate(self, inbox):
        outbox = Outbox()
        gain = LayerGain(updates=1, margin_before=-1.0, margin_after=-0.5)
        outbox.put(GAINS, {"agent-0": (gain,)})
        return outbox


class Planning:
    def coordinate(self, inbox):
        outbox = Outbox()
        outbox.put(SCHEDULE, {"agent-0": LayerSchedule(trains=(True,))})
        return outbox


class Judging:
    def validate(self, inbox):
        return Verdict(passed=True, measure=0.0, limit=1.0, reason="fine")


class Idle:
    def generate(self, inbox):
        return Outbox()


def host(*, acting=Acting, judge=Role.VALIDATOR, reads=("gains",)) -> Host:
    """Make a host with three skills, sound unless told otherwise."""
    registry = Registry()
    for name, role, working, ports in (
        ("judge", judge, Judging, {"consumes": reads}),
        ("plan", Role.COORDINATOR, Planning, {"produces": ("schedule",)}),
        ("act", Role.GENERATOR, acting, {"produces": ("gains",), "feedback": ("schedule",)}),
    ):
        card = SkillCard(name=name, version="1", role=role, summary="For tests.", **ports)
        skill = Skill(card, Settings, lambda config, context, working=working: working())
        registry.register(skill, provider="tests")
    return Host(registry)


def test_a_sound_triad_passes():
    check_triad(TRIAD, host=host())


def test_the_shipped_triad_that_is_installed_passes():
    check_triad("persistent-homology-open-games-forward-forward", host=load_host())


def test_a_triad_is_read_from_a_file(tmp_path):
    path = tmp_path / "tried.toml"
    path.write_text('name = "t"\nvalidator = "judge"\ncoordinator = "plan"\ngenerator = "act"\n')

    check_triad(str(path), host=host())


def test_without_a_run_skills_may_be_missing_but_must_fit():
    missing = TRIAD.model_copy(update={"validator": "sheaf-cohomology"})
    wrong = TRIAD.model_copy(update={"validator": "unworld"})

    check_triad(missing, host=host(), run=False)
    with pytest.raises(AssertionError, match="does not balance"):
        check_triad(wrong, host=host(), run=False)


@pytest.mark.parametrize(
    ("triad", "parts", "message"),
    [
        ("no-such-triad", {}, "expected a triad of known skills, got unknown triad"),
        (TRIAD.model_copy(update={"generator": "acts"}), {}, "got .*did you mean 'act'"),
        (TRIAD, {"judge": Role.GENERATOR}, "expected three skills that can run .*not balance"),
        (TRIAD, {"reads": ("activities",)}, "'judge' consumes 'activities', which no skill"),
        (TRIAD.model_copy(update={"validator": "sheaf-cohomology"}), {}, "is not installed"),
        (TRIAD, {"acting": Judging}, "expected three rounds on small data, got .*no method gen"),
        (TRIAD, {"acting": Idle}, r"skill 'act': generate\(\) in round 1: expected the ports"),
    ],
)
def test_a_broken_triad_is_told_what_is_wrong(triad, parts, message):
    with pytest.raises(AssertionError, match=message):
        check_triad(triad, host=host(**parts))
