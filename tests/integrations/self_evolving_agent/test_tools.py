"""Evolution as tools for agents."""

import pytest
from plurigrid_ff_self_evolving_agent import running
from plurigrid_ff_self_evolving_agent.archive import ARCHIVE_FILE, Archive
from plurigrid_ff_self_evolving_agent.tools import EVOLVE_RUN, EVOLVE_STEP, RunArguments

from plurigrid_ff.errors import DataError
from plurigrid_ff.host.agent_tools import ToolContext
from plurigrid_ff.host.plugins import load_host


@pytest.fixture
def called(monkeypatch, lot):
    """Call a tool, with evaluations by lot; return its answer and what was reported."""
    by_lot = lot()
    monkeypatch.setattr(
        running, "evaluate_contained", lambda job, inherited, **limits: by_lot(job, inherited)
    )

    def call(tool, arguments, *, max_samples=10_000):
        told = []
        context = ToolContext(load_host(), max_samples, lambda *report: told.append(report))
        return tool.call(arguments, context), told

    return call


def test_an_evolution_answers_what_its_archive_holds(called, tmp_path):
    folder = tmp_path / "evolved"
    asked = RunArguments(folder=str(folder), generations=3, hidden=[20], seed=5)

    answer, told = called(EVOLVE_RUN, asked)

    archive = Archive(folder / ARCHIVE_FILE)
    failed = [record for record in archive.records if "failure" in record.scores]
    best = archive[answer.best]
    archive.close()
    assert answer.individuals == len(archive.records) == len(told) == 2 + 2 * 4 * 3
    assert answer.failures == len(failed) > 0
    assert answer.selection_accuracy == best.fitness
    assert answer.network.model_dump(mode="json") == best.config["network"]
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1] == (1.0, "26 of 26 individuals")


def test_more_samples_than_the_server_allows_are_refused_before_anything_is_written(
    called, tmp_path
):
    folder = tmp_path / "evolved"

    with pytest.raises(DataError, match="at most 100 are allowed"):
        called(EVOLVE_RUN, RunArguments(folder=str(folder)), max_samples=100)

    assert not folder.exists()


def test_a_step_is_that_of_the_hook(called):
    request = {"candidates": [{"name": "a", "score": 0.4}, {"name": "b", "score": 0.9}], "seed": 3}

    answer, _ = called(EVOLVE_STEP, EVOLVE_STEP.arguments.model_validate(request))

    assert answer.model_dump(mode="json") == load_host().ask("evolve_step", request=request)
