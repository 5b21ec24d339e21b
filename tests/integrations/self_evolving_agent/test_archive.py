import sqlite3

import numpy as np
import pytest
from plurigrid_ff_self_evolving_agent.archive import Archive
from plurigrid_ff_self_evolving_agent.record import Record, lineage_of

from plurigrid_ff.digest import digest
from plurigrid_ff.errors import CheckpointError, ConfigError, UnknownNameError


def weights(seed=0):
    return {"layers.0.transform.weight": np.random.default_rng(seed).random((3, 2), np.float32)}


def record(name, *parents, origin="training", accepted=True, seed=0):
    return Record(
        name=name,
        agent="a",
        round=1,
        origin=origin,
        parents=parents,
        config={"hidden": [3]},
        weights_digest=digest(weights(seed)),
        fitness=0.5,
        accepted=accepted,
    )


@pytest.fixture
def kept(tmp_path):
    archive = Archive(tmp_path / "a.sqlite")
    archive.append(record("one"), weights())
    archive.append(record("two", "one", origin="mutation", accepted=False))
    archive.append(record("three", "one", origin="mutation", seed=1), weights(1))
    archive.close()
    return tmp_path / "a.sqlite"


def test_what_was_archived_is_there_when_it_is_opened_again(kept):
    archive = Archive(kept)

    assert [r.name for r in archive.records] == ["one", "two", "three"]
    assert archive.children("one") == 2
    np.testing.assert_array_equal(
        archive.weights("three")["layers.0.transform.weight"],
        weights(1)["layers.0.transform.weight"],
    )
    assert archive.head == Archive.in_memory(kept).head
    assert lineage_of(archive.records).edges == (("one", "two"), ("one", "three"))
    with pytest.raises(ConfigError, match="weights of 'two' were not kept"):
        archive.weights("two")
    with pytest.raises(UnknownNameError, match="unknown individual 'tow'; did you mean 'two'"):
        archive["tow"]
    archive.close()


def test_copies_have_the_same_bytes_however_the_archive_came_to_be(kept, tmp_path):
    read = Archive.in_memory(kept)
    fresh = Archive()
    for one in read.records:
        fresh.append(one, read.weights(one.name) if one.accepted else None)

    read.save(tmp_path / "read")
    fresh.save(tmp_path / "fresh")

    assert (tmp_path / "read").read_bytes() == (tmp_path / "fresh").read_bytes()


def test_names_are_taken_once_and_parents_are_known(kept):
    archive = Archive(kept)
    with pytest.raises(ConfigError, match="'one' is there already"):
        archive.append(record("one"))
    with pytest.raises(UnknownNameError, match="unknown individual 'nobody'"):
        archive.append(record("four", "nobody"))
    archive.close()


@pytest.mark.parametrize("change", ["UPDATE individuals SET name = 'x'", "DELETE FROM individuals"])
def test_the_archive_only_grows(kept, change):
    base = sqlite3.connect(kept)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        base.execute(change)
    base.close()


def test_a_record_that_was_changed_by_other_means_is_found(kept):
    base = sqlite3.connect(kept)
    base.execute("DROP TRIGGER no_update")
    base.execute("UPDATE individuals SET record = replace(record, '0.5', '0.9') WHERE number = 2")
    base.commit()
    base.close()
    with pytest.raises(CheckpointError, match="individual 2 is not as it was written"):
        Archive(kept)


def test_changed_weights_are_found(kept):
    base = sqlite3.connect(kept)
    base.execute("DROP TRIGGER no_update")
    base.execute("UPDATE individuals SET weights = (SELECT weights FROM individuals LIMIT 1)")
    base.commit()
    base.close()
    archive = Archive(kept)
    with pytest.raises(CheckpointError, match="weights of 'three' are damaged"):
        archive.weights("three")
    archive.close()


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_file_that_was_cut_short_is_an_error(kept, share):
    whole = kept.read_bytes()
    kept.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match=r"a\.sqlite: damaged or cut short"):
        Archive(kept)


def test_a_file_that_somebody_else_holds_is_an_error(kept, monkeypatch):
    monkeypatch.setattr("plurigrid_ff_self_evolving_agent.archive.WAIT_SECONDS", 0)
    holder = sqlite3.connect(kept, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CheckpointError, match="another process holds it"):
        Archive(kept)
    holder.close()


def test_another_programs_database_is_an_error(tmp_path):
    base = sqlite3.connect(tmp_path / "other.sqlite")
    base.execute("CREATE TABLE t (x)")
    base.close()
    with pytest.raises(CheckpointError, match="expected an archive of format 1"):
        Archive(tmp_path / "other.sqlite")
    with pytest.raises(CheckpointError, match=r"absent\.sqlite: missing"):
        Archive.in_memory(tmp_path / "absent.sqlite")
