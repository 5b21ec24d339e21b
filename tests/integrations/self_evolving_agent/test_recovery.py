import shutil
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plurigrid_ff_self_evolving_agent import commands
from plurigrid_ff_self_evolving_agent.archive import Archive, DamagedArchiveError
from plurigrid_ff_self_evolving_agent.recovery import open_or_recover, recover
from plurigrid_ff_self_evolving_agent.running import go_on
from plurigrid_ff_self_evolving_agent.workers import one_by_one

from plurigrid_ff.errors import CheckpointError


@pytest.fixture(scope="module")
def records(whole):
    archive = Archive(whole / "archive.sqlite")
    yield archive.records
    archive.close()


def cut(whole, folder, size):
    """Copy an evolution and cut its archive short."""
    shutil.copytree(whole, folder)
    path = folder / "archive.sqlite"
    path.write_bytes(path.read_bytes()[:size])
    return path


def test_wherever_a_file_was_cut_what_is_proven_is_a_growing_beginning(whole, tmp_path, records):
    size = (whole / "archive.sqlite").stat().st_size
    kept = []
    # Not 1: SQLite takes a file of one byte for an empty one.
    for number, length in enumerate(range(2, size, size // 60)):
        path = cut(whole, tmp_path / str(number), length)
        with pytest.raises(DamagedArchiveError, match="evolve resume` recovers what is whole"):
            Archive(path)

        archive, recovery = open_or_recover(path)

        assert archive.records == records[: recovery.kept]
        assert recovery.last == (records[recovery.kept - 1].name if recovery.kept else None)
        assert recovery.damaged.stat().st_size == length
        for record in archive.records:
            assert not record.accepted or archive.weights(record.name)
        archive.close()
        kept.append(recovery.kept)
    assert kept == sorted(kept)
    assert kept[0] == 0
    assert len(set(kept)) > 2  # not all or nothing


@pytest.mark.parametrize("share", [0.0001, 0.3, 0.5, 0.8, 0.99])
def test_an_evolution_with_a_cut_archive_ends_with_the_bytes_of_a_whole_one(
    whole, tmp_path, lot, share
):
    size = int(share * (whole / "archive.sqlite").stat().st_size)
    cut(whole, tmp_path / "cut", size)
    told, chance = [], lot()
    go_on(tmp_path / "cut", lambda *told: None, one_by_one(chance), told.append)

    for name in ("archive.sqlite", "lineage.svg"):
        assert (tmp_path / "cut" / name).read_bytes() == (whole / name).read_bytes()
    assert chance.calls == 26 - told[0].kept


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_bytes_are_spoiled_nothing_unproven_is_kept(
    whole, records, tmp_path_factory, data
):
    path = tmp_path_factory.mktemp("spoiled") / "archive.sqlite"
    spoiled = bytearray((whole / "archive.sqlite").read_bytes())
    place = data.draw(st.integers(0, len(spoiled) - 1))
    noise = data.draw(st.binary(min_size=1, max_size=200))
    spoiled[place : place + len(noise)] = noise
    path.write_bytes(spoiled)
    refused = None
    try:
        archive, recovery = open_or_recover(path)
    except CheckpointError as error:
        refused = error
    if refused is not None:
        assert type(refused) is CheckpointError  # it no longer is an archive at all
        assert path.read_bytes() == spoiled
        return
    assert archive.records == records[: len(archive)]
    assert recovery is not None or len(archive) == len(records)
    archive.close()


def test_weights_that_are_not_those_of_the_digest_end_what_is_proven(whole, tmp_path, records):
    path = tmp_path / "archive.sqlite"
    shutil.copy(whole / "archive.sqlite", path)
    accepted = [place for place, record in enumerate(records) if record.accepted]
    base = sqlite3.connect(path)
    base.execute("DROP TRIGGER no_update")
    base.execute("UPDATE individuals SET weights = x'00' WHERE number = ?", (accepted[2] + 1,))
    base.commit()
    base.close()

    recovery = recover(path)
    assert recovery.kept == accepted[2]
    assert recovery.reason == f"individual {accepted[2] + 1} has damaged weights"
    again = recover(path)
    assert again.kept == accepted[2]
    assert [one.damaged.name for one in (recovery, again)] == [
        "archive.damaged-1.sqlite",
        "archive.damaged-2.sqlite",
    ]


def test_a_record_that_reads_well_and_breaks_the_chain_ends_what_is_proven(whole, tmp_path):
    path = tmp_path / "archive.sqlite"
    shutil.copy(whole / "archive.sqlite", path)
    base = sqlite3.connect(path)
    base.execute("DROP TRIGGER no_update")
    base.execute("UPDATE individuals SET record = replace(record, '0.', '0.1') WHERE number = 6")
    base.commit()
    base.close()

    recovery = recover(path)
    assert recovery.kept == 5
    assert recovery.reason == "individual 6 is not as it was written"


def test_resume_says_what_was_kept_and_dropped(whole, tmp_path, lot, monkeypatch):
    from click.testing import CliRunner
    from plurigrid_ff_self_evolving_agent import running

    path = cut(whole, tmp_path / "cut", 9000)
    by_lot = lot()
    monkeypatch.setattr(
        running, "evaluate_contained", lambda job, inherited, **limits: by_lot(job, inherited)
    )
    result = CliRunner().invoke(commands.evolve, ["resume", str(path.parent), "--json"])

    assert result.exit_code == 0, result.output
    assert "the archive was damaged: kept " in result.stderr
    assert "archive.damaged-1.sqlite" in result.stderr
    assert path.read_bytes() == (whole / "archive.sqlite").read_bytes()


def test_what_another_process_holds_is_not_recovered(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("plurigrid_ff_self_evolving_agent.archive.WAIT_SECONDS", 0)
    path = tmp_path / "archive.sqlite"
    shutil.copy(whole / "archive.sqlite", path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CheckpointError, match="another process holds it"):
        open_or_recover(path)
    holder.close()
    assert list(tmp_path.iterdir()) == [path]
