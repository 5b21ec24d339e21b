import sys

import numpy as np
import pytest
from plurigrid_ff_self_evolving_agent.archive import Archive
from plurigrid_ff_self_evolving_agent.containment import contained
from plurigrid_ff_self_evolving_agent.evolution import Evolution, best_of, line_of, roll_back
from plurigrid_ff_self_evolving_agent.evolution_settings import (
    EvolutionSettings,
    read_settings,
)
from plurigrid_ff_self_evolving_agent.genome import GENES, Genome, vary
from plurigrid_ff_self_evolving_agent.picture import draw_lineage, text_tree
from plurigrid_ff_self_evolving_agent.worker import (
    INHERITED_FILE,
    JOB_FILE,
    WEIGHTS_FILE,
    Job,
    evaluate,
)
from plurigrid_ff_self_evolving_agent.workers import one_by_one
from safetensors.numpy import load_file, save_file

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError, RunFolderError, TrainingError, UnknownNameError


@pytest.mark.parametrize("stops", [(0,), (1, 4), (11,), (25,)])
def test_an_interrupted_evolution_ends_with_the_same_bytes(
    whole, tmp_path, stops, evolve, lot, settings
):
    folder = tmp_path / "resumed"
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            evolve(folder, lot(stop_after=stop), settings)
    evolve(folder, lot(), settings)

    for name in ("archive.sqlite", "lineage.svg"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


def test_a_finished_evolution_is_not_done_again(whole, evolve, lot, settings):
    before = (whole / "archive.sqlite").read_bytes()
    chance = lot()
    evolve(whole, chance, settings)

    assert chance.calls == 0
    assert (whole / "archive.sqlite").read_bytes() == before


def test_parents_are_older_accepted_and_of_the_island_or_at_times_the_one_before(whole, settings):
    archive = Archive(whole / "archive.sqlite")
    crossed = 0
    for record in archive.records:
        for name in record.parents:
            parent = archive[name]
            assert parent.accepted
            assert parent.round < record.round
            if parent.agent != record.agent:
                crossed += 1
                assert record.round % settings.migration == 0
    failed = [record for record in archive.records if "failure" in record.scores]
    assert crossed
    assert failed
    assert all(r.fitness is None and not r.accepted for r in failed)
    assert len(archive) == 2 + 2 * 3 * 4
    assert len({record.config_digest for record in archive.records}) > 3
    archive.close()


def test_only_gains_that_chance_hardly_explains_are_accepted(whole):
    archive = Archive(whole / "archive.sqlite")
    tested = [r for r in archive.records if "against_parent" in r.scores]
    assert {r.accepted for r in tested} == {True, False}
    assert all(r.accepted == (r.scores["against_parent"]["p"] <= 0.2) for r in tested)
    archive.close()


def test_a_rollback_goes_on_from_a_line_and_leaves_the_old_one(
    whole, tmp_path, evolve, lot, settings
):
    archive = Archive(whole / "archive.sqlite")
    late = [r for r in archive.records if r.accepted and r.round == 2][-1]
    line = line_of(archive, late.name)
    roll_back(settings, archive, late.name, tmp_path / "again")
    refused = next(r for r in archive.records if not r.accepted)
    with pytest.raises(ConfigError, match="were not kept"):
        roll_back(settings, archive, refused.name, tmp_path / "other")
    with pytest.raises(RunFolderError, match="exists already"):
        roll_back(settings, archive, late.name, whole)
    assert not (tmp_path / "other").exists()
    archive.close()

    assert read_settings(tmp_path / "again").begins == 2
    evolve(tmp_path / "again", lot(), settings)
    new = Archive(tmp_path / "again" / "archive.sqlite")
    assert new.records[: len(line)] == tuple(line)
    assert {record.round for record in new.records[len(line) :]} == {3, 4}
    new.close()


def test_the_picture_and_the_tree_tell_of_everybody(whole):
    archive = Archive(whole / "archive.sqlite")
    accepted = [record.name for record in archive.records if record.accepted]

    picture = draw_lineage(archive)
    tree = text_tree(archive)

    assert picture == draw_lineage(archive)
    assert b"island-1" in picture
    assert {line.split()[0] for line in tree} == set(accepted)
    assert best_of(archive).fitness == max(archive[name].fitness for name in accepted)
    archive.close()


def test_an_evolution_in_which_nobody_can_live_says_why(settings):
    def hopeless(job, inherited):
        raise TrainingError("no such data")

    archive = Archive()
    with pytest.raises(TrainingError, match="so none has children: no such data"):
        Evolution(settings, archive, one_by_one(hopeless), classes=10).run()
    with pytest.raises(UnknownNameError):
        line_of(archive, "nobody")


def test_every_gene_varies_and_what_comes_out_can_be_read():
    parent = Genome(
        network=NetworkConfig(hidden=(60,), objective="symba"),
        training=TrainingConfig(learning_rate=0.01),
    )
    seen = set()
    for key in range(60):
        child, gene = vary(parent, key, classes=10, objectives=("symba", "class-goodness"))
        assert Genome.model_validate(child.model_dump(mode="json")) == child
        assert (child == parent) == (gene == "weights")
        assert child.network.hidden[0] % 10 == 0
        seen.add(gene)
    assert seen == set(GENES)


HANG = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
CRASH = "import os; os.abort()"
EATER = (
    "import sys\n"
    "from plurigrid_ff_self_evolving_agent.worker import OUT_OF_MEMORY, limit_memory\n"
    "limit_memory(300)\n"
    "try:\n"
    "    bytearray(10**9)\n"
    "except MemoryError:\n"
    "    sys.exit(OUT_OF_MEMORY)\n"
)


@pytest.mark.skipif(sys.platform != "linux", reason="limits are the system's")
@pytest.mark.parametrize(
    ("program", "seconds", "message"),
    [
        (HANG, 0.5, r"ended after 0\.5 s"),
        (CRASH, 60, "crashed: SIGABRT"),
        (EATER, 60, "ran out of memory"),
        ("raise SystemExit('no data')", 60, "failed: no data"),
    ],
)
def test_what_hangs_crashes_or_eats_memory_is_contained(program, seconds, message):
    with pytest.raises(TrainingError, match=message):
        contained([sys.executable, "-c", program], seconds=seconds)


def test_an_interrupted_evolution_on_digits_ends_with_the_same_bytes(tmp_path, evolve):
    tiny = EvolutionSettings(
        network=NetworkConfig(hidden=(20,)),
        training=TrainingConfig(epochs=1, batch_size=32, learning_rate=0.01),
        generations=1,
        islands=1,
        children=3,
    )
    places = iter(range(100))

    def here(job, inherited):
        place = next(places)
        if place == 6:  # the third evaluation of the second evolution
            raise KeyboardInterrupt
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / JOB_FILE).write_text(job.model_dump_json())
        if inherited is not None:
            save_file(dict(inherited), folder / INHERITED_FILE)
        weights = evaluate(folder), load_file(folder / WEIGHTS_FILE)
        return weights[0], dict(sorted(weights[1].items()))

    evolve(tmp_path / "whole", here, tiny)
    with pytest.raises(KeyboardInterrupt):
        evolve(tmp_path / "resumed", here, tiny)
    evolve(tmp_path / "resumed", here, tiny)

    files = [tmp_path / name / "archive.sqlite" for name in ("whole", "resumed")]
    assert files[0].read_bytes() == files[1].read_bytes()
    archive = Archive(files[0])
    assert archive["0-0-0"].fitness > 0.3
    archive.close()


def test_an_evaluation_goes_on_from_inherited_weights(tmp_path, settings):
    genome = Genome(network=NetworkConfig(hidden=(20,)), training=TrainingConfig(epochs=1))
    job = Job(name="1-0-0", data=settings.data, genome=genome, seed=0)

    def learned(name, inherited=None):
        folder = tmp_path / name
        folder.mkdir()
        (folder / JOB_FILE).write_text(job.model_dump_json())
        if inherited:
            save_file(inherited, folder / INHERITED_FILE)
        return evaluate(folder).right, load_file(folder / WEIGHTS_FILE)

    first, weights = learned("first")
    again, same = learned("again")
    further, _ = learned("further", weights)
    other, _ = learned("other", {"layers.0.transform.weight": np.zeros((3, 3), np.float32)})

    assert first == again == other  # weights of another shape are left aside
    assert all(np.array_equal(same[name], weights[name]) for name in weights)
    assert further.count("1") > first.count("1")
