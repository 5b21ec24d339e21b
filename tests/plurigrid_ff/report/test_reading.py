import json

import pytest

from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.report.reading import read_report, read_rounds


def complaint(read, folder):
    with pytest.raises(RunFolderError) as caught:
        read(folder)
    message = str(caught.value)
    assert message.startswith(str(folder))
    assert "\n" not in message
    return message


def test_a_full_dump_with_its_computed_fields_is_read_back(folder, report, rounds):
    assert '"separation"' in (folder / "report.json").read_text("utf-8")

    assert read_report(folder) == report
    assert read_rounds(folder) == rounds


def test_a_dump_without_computed_fields_is_read_back(folder, report):
    (folder / "report.json").write_text(report.model_dump_json(round_trip=True), "utf-8")
    assert read_report(folder) == report


def test_blank_lines_of_the_log_are_skipped(folder, rounds):
    path = folder / "rounds.jsonl"
    path.write_text(path.read_text("utf-8") + "\n\n", "utf-8")
    assert read_rounds(folder) == rounds


@pytest.mark.parametrize(
    ("read", "name"), [(read_report, "report.json"), (read_rounds, "rounds.jsonl")]
)
def test_a_missing_file_asks_whether_this_is_a_finished_run(tmp_path, read, name):
    message = complaint(read, tmp_path)
    assert f"{name}: no such file" in message
    assert "finished run?" in message


def test_a_folder_in_place_of_the_report_cannot_be_read(tmp_path):
    (tmp_path / "report.json").mkdir()
    assert "cannot be read" in complaint(read_report, tmp_path)


def test_a_report_that_is_not_utf8_is_named_with_the_byte(tmp_path):
    (tmp_path / "report.json").write_bytes(b'{"a\xff')
    message = complaint(read_report, tmp_path)
    assert "not UTF-8 at byte 3" in message
    assert "plurigrid-ff train run.toml" in message


@pytest.mark.parametrize("text", ['{"format": 1,', "", "[" * 100_000, "1" * 5000])
def test_a_report_that_is_not_json_says_so(tmp_path, text):
    (tmp_path / "report.json").write_text(text, "utf-8")
    message = complaint(read_report, tmp_path)
    assert "report.json: not valid JSON" in message
    assert "restore the file" in message


def test_a_report_that_is_no_object_says_what_it_is(tmp_path):
    (tmp_path / "report.json").write_text("[1]", "utf-8")
    assert "expected a JSON object, got list" in complaint(read_report, tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("rounds", "many", "rounds: input should be a valid integer"),
        ("seconds", float("nan"), "seconds: "),
        ("surprise", 1, "surprise: extra inputs are not permitted"),
        ("layers", [3], "layers.0: "),
        ("verdict", 5, "verdict: "),
    ],
)
def test_a_report_with_a_wrong_value_names_the_key(folder, key, value, words):
    path = folder / "report.json"
    values = json.loads(path.read_text("utf-8")) | {key: value}
    path.write_text(json.dumps(values), "utf-8")

    message = complaint(read_report, folder)

    assert words in message
    assert "restore the file" in message


def test_a_report_that_lacks_a_key_names_it(folder):
    path = folder / "report.json"
    values = json.loads(path.read_text("utf-8"))
    del values["log_head"]
    path.write_text(json.dumps(values), "utf-8")

    assert "log_head: field required; " in complaint(read_report, folder)


@pytest.mark.parametrize(
    ("line", "words"),
    [("{torn", "not valid JSON"), ("7", "expected a JSON object, got int")],
)
def test_a_malformed_line_of_the_log_is_named_by_its_number(folder, line, words):
    path = folder / "rounds.jsonl"
    lines = path.read_text("utf-8").split("\n")
    path.write_text("\n".join([*lines[:4], line, *lines[4:]]), "utf-8")

    message = complaint(read_rounds, folder)

    assert f"rounds.jsonl: line 5: {words}" in message
    assert "restore the file" in message
