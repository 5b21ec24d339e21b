import json
from itertools import pairwise

import pytest

from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.host.log import ORIGIN, RunLog, read_log


def append(log: RunLog, round: int, role: str, trit: int):
    return log.append(
        round=round,
        role=role,
        trit=trit,
        skill=role,
        version="1",
        seed=0,
        inputs={},
        outputs={"port": "digest"},
        summary={"loss": 0.25 * round, "text": "ü\u2028"},
    )


@pytest.fixture
def log(tmp_path):
    log = RunLog(tmp_path / "rounds.jsonl")
    for round in (1, 2):
        for role, trit in (("generator", 1), ("coordinator", 0), ("validator", -1)):
            append(log, round, role, trit)
    return log


def test_every_entry_holds_the_hash_of_the_one_before(log):
    entries = read_log(log.path)

    assert entries == log.entries
    assert entries[0].previous == ORIGIN
    for before, after in pairwise(entries):
        assert after.previous == before.hash
    assert log.head == entries[-1].hash


def test_role_triples_sum_to_zero(log):
    assert log.trit_sum == 0
    assert append(log, 3, "generator", 1).index == 6
    assert log.trit_sum == 1


@pytest.mark.parametrize("line", range(6))
@pytest.mark.parametrize("change", [("trit", 7), ("summary", {}), ("round", 9), ("seed", 1)])
def test_any_change_to_any_entry_is_found(log, line, change):
    lines = log.path.read_text().splitlines()
    entry = json.loads(lines[line])
    entry[change[0]] = change[1]
    lines[line] = json.dumps(entry)
    log.path.write_text("\n".join(lines))

    with pytest.raises(RunFolderError, match=f"line {line + 1}: the hash chain is broken"):
        read_log(log.path)


def test_a_missing_entry_is_found(log):
    lines = log.path.read_text().splitlines()
    log.path.write_text("\n".join(lines[:2] + lines[3:]))

    with pytest.raises(RunFolderError, match="line 3: the hash chain is broken"):
        read_log(log.path)


def test_resuming_cuts_off_what_the_checkpoint_does_not_cover(log):
    with log.path.open("a") as file:
        file.write('{"half a line')

    resumed = RunLog(log.path, keep=3)

    assert resumed.entries == log.entries[:3]
    assert read_log(log.path) == log.entries[:3]
    assert append(resumed, 2, "generator", 1) == log.entries[3]


def test_a_log_that_is_shorter_than_its_checkpoint_is_refused(log):
    with pytest.raises(RunFolderError, match="expected 9 entries, got 6"):
        RunLog(log.path, keep=9)


@pytest.mark.parametrize("line", ["{", "[]", "null", '{"index": 0}', "[" * 5000])
def test_a_line_that_is_no_entry_is_refused(log, line):
    log.path.write_text(line)

    with pytest.raises(RunFolderError, match="line 1 is not a log entry"):
        read_log(log.path)
