import pytest

from plurigrid_ff.cli.output import clean_errors, print_table
from plurigrid_ff.cli.watching import RoundLines
from plurigrid_ff.host.log import LogEntry


def test_a_table_keeps_names_whole_and_markup_as_text(capsys):
    print_table(("name", "text"), [("a-very-long-name-that-people-copy", "[red]\x1b[0m " * 40)])

    printed = capsys.readouterr().out
    assert "a-very-long-name-that-people-copy" in printed
    assert "[red]\\x1b[0m" in printed
    assert "\x1b" not in printed


def test_an_operating_system_error_is_one_sentence(capsys):
    with pytest.raises(SystemExit) as stopped, clean_errors(as_json=False):
        open("/proc/nowhere/file")  # noqa: SIM115

    assert stopped.value.code == 1
    assert capsys.readouterr().err == "Error: /proc/nowhere/file: No such file or directory\n"


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        ({}, "round 1/9  generated"),
        ({"layers": "many", "validation_accuracy": "high"}, "round 1/9  generated"),
        ({"layers": [{"accuracy": 0.5, "updates": 0}]}, "round 1/9  layers 50.00% (sat out)"),
        ({"layers": [{"accuracy": 0.5, "updates": 1}] * 20}, "round 1/9  layers ... 50.00% 50.00%"),
        ({"validation_accuracy": 0.25}, "round 1/9  all 25.00%"),
    ],
)
def test_a_round_of_any_generator_is_one_line(summary, line):
    lines = []
    watcher = RoundLines(lines.append)
    watcher.start(9)

    watcher.entry(
        LogEntry(
            index=0,
            round=1,
            role="generator",
            trit=1,
            skill="any",
            version="1",
            seed=0,
            inputs={},
            outputs={},
            summary=summary,
            previous="",
        )
    )

    assert len(lines) == 1
    assert lines[0].startswith(line)
