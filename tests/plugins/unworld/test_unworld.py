import pytest
from plurigrid_ff_forward_forward_learning import SKILL as GENERATOR
from plurigrid_ff_proofgeneral_narya import SKILL as VALIDATOR
from plurigrid_ff_unworld import SKILL, UnworldConfig, build

from plurigrid_ff import runs
from plurigrid_ff.config import DataConfig, NetworkConfig, RunConfig, SocietyConfig, TrainingConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.host.triad import find_triad
from plurigrid_ff.host.wiring import wiring_faults

TRIAD = "proofgeneral-narya-unworld-forward-forward"


@pytest.fixture
def host():
    """Offer the three skills, installed or not."""
    host = Host()
    for skill in (GENERATOR, SKILL, VALIDATOR):
        host.registry.register(skill, provider=skill.name)
    return host


def settings(**training) -> RunConfig:
    """Settings of a run of a second, with negatives."""
    return RunConfig(
        network=NetworkConfig(hidden=(8,), objective="threshold", negatives="wrong-label"),
        training=TrainingConfig(epochs=3, epochs_per_round=2, **training),
        triad=find_triad(TRIAD),
        device="cpu",
        seed=5,
        skills={"proofgeneral-narya": {"prover": "none", "samples": 2}},
    )


def test_the_shipped_triad_is_well_typed():
    cards = {skill.card.role: skill.card for skill in (GENERATOR, SKILL, VALIDATOR)}

    assert wiring_faults(cards) == []


def test_every_key_that_a_run_derives_from_its_seed_is_in_the_log(host, tmp_path, monkeypatch):
    derived = set()

    def noting(seed, *path):
        key = derive_key(seed, *path)
        if seed == 5:
            derived.add((path, key))
        return key

    readers = ("learning.batches", "learning.feed", "learning.construction", "data.splits")
    for module in (*readers, "data.load"):
        name = f"plurigrid_ff.{module}.derive_key"
        monkeypatch.setattr(name, noting, raising=module != "data.load")

    runs.train(settings(), tmp_path / "run", host=host)

    entries = read_log(tmp_path / "run" / "rounds.jsonl")
    assert [entry.trit for entry in entries] == [1, 0, -1] * 2
    logged = {
        (tuple(item["path"][1:]), int(item["key"], 16))
        for entry in entries
        for item in entry.summary.get("derivations", [])
    }
    used = {(path, key) for path, key in derived if path[0] != "assessment"}
    assert used == logged
    assert {path[1] for path, _ in logged} >= {"order", "augmentation", "negatives", "wrong-label"}


def test_a_common_seed_is_asked_of_the_society():
    run = RunConfig(society=SocietyConfig(agents=3), data=DataConfig())
    context = RunContext(run, None, None)

    with pytest.raises(ConfigError, match=r"common_seed: expected society.start = 'common'"):
        build(UnworldConfig(common_seed=True), context)
    common = run.model_copy(update={"society": SocietyConfig(agents=3, start="common")})
    assert build(UnworldConfig(common_seed=True), RunContext(common, None, None))
