from plurigrid_ff.report.log import MAX_ROWS, log_rows
from plurigrid_ff.report.wording import NOTHING


def test_a_row_says_who_did_what(rounds):
    row = log_rows(rounds)[2]

    assert (row.index, row.round, row.role, row.trit) == ("2", "1", "validator", "-1")
    assert row.skill == "persistent-homology 0.1.0"
    assert row.summary.startswith("outcome: failed, measure: 1.591, limit: 1, reason: close")
    assert row.hash == rounds[2]["hash"][:12]


def test_generators_are_marked_plus_one(rounds):
    assert log_rows(rounds)[0].trit == "+1"


def test_an_entry_that_says_nothing_is_a_row_of_dashes():
    (row,) = log_rows([{}])
    assert (row.index, row.skill, row.summary, row.hash) == (NOTHING, NOTHING, "", NOTHING)


def test_values_of_any_type_are_written():
    (row,) = log_rows([{"trit": "x", "role": ["a"], "hash": 10**400, "summary": {"on": True}}])
    assert (row.trit, row.role, row.summary) == ("x", "['a']", "on: True")


def test_only_the_last_entries_of_a_long_log_are_rows():
    rows = log_rows([{"index": index} for index in range(MAX_ROWS + 5)])
    assert len(rows) == MAX_ROWS
    assert rows[0].index == "5"
