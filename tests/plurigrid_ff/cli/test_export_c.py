"""``plurigrid-ff export --format c`` as a user calls it."""

import json
import re
import shutil

import pytest


@pytest.fixture
def export(invoke, run_folder):
    """Export the run as C; without the compilers unless asked for."""

    def call(*arguments, out="chip", check=False):
        fixed = ["--format", "c", "--out", out, *([] if check else ["--no-check"])]
        return invoke("export", str(run_folder), *fixed, *arguments)

    return call


@pytest.fixture
def files(tmp_path):
    """Read every file of the folder that the command runs in."""

    def read():
        paths = (path for path in tmp_path.rglob("*") if path.is_file())
        return {str(path.relative_to(tmp_path)): path.read_bytes() for path in paths}

    return read


def test_exporting_c_says_what_was_written_and_what_it_takes(export, tool, tmp_path):
    tool("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")

    result = export("--train", check=True)

    assert result.exit_code == 0, result.output
    lines = [line.rstrip() for line in result.stdout.splitlines() if line.strip()]
    assert lines[0] == "wrote chip  (14 files); samples of 8 x 8 -> 10 classes of digits"
    assert re.fullmatch(r"accuracy  [\d.]+% in integers, [\d.]+% in float", lines[1])
    assert lines[2].split("  ")[-1].strip() == "measured (cortex-m3)"
    for line, name in zip(lines[4:7], ("flash, at most", "RAM", "stack, at most"), strict=True):
        computed, measured = re.fullmatch(rf" ?{name}\s+([\d,]+)\s+([\d,]+)", line).groups()
        assert int(measured.replace(",", "")) <= int(computed.replace(",", ""))
    checks = [re.match(r"(\S+)\s+ok: 24 predictions, digest (\w{8})$", line) for line in lines[7:]]
    assert [check[1] for check in checks] == ["host", "cortex-m3"]
    assert checks[0][2] == checks[1][2]
    assert "ff_learn" in (tmp_path / "chip" / "ff_model.h").read_text()


def test_exporting_c_prints_json_for_programs(export, tmp_path):
    result = export("--json")

    report = json.loads(result.stdout)
    sizes = {file["name"]: file["bytes"] for file in report["files"]}
    assert {name: (tmp_path / "chip" / name).stat().st_size for name in sizes} == sizes
    assert report["memory"]["flash"] == report["memory"]["tables"] + report["memory"]["code"]
    assert (report["learns"], report["untrained"], report["checks"]) == (False, False, [])
    assert 0 < report["integer_accuracy"] <= 1


def test_without_a_check_nothing_is_measured(export):
    result = export()

    assert re.search(r"RAM +[\d,]+ +-", result.stdout)
    assert "host" not in result.stdout


def test_without_train_there_is_no_function_that_learns(export, files):
    assert export().exit_code == 0

    assert b"ff_learn" not in files()["chip/ff_model.c"] + files()["chip/ff_model.h"]


def test_untrained_and_halvings_reach_the_code(export, files):
    export("--train", out="trained")
    export("--train", "--untrained", out="untrained")
    export("--train", "--halvings", "7", out="careful")

    found = files()
    halvings = [
        re.search(rb"ram_halvings = (\d+);", found[f"{name}/ff_model.c"])[1]
        for name in ("trained", "untrained", "careful")
    ]
    assert halvings == [b"4", b"0", b"7"]
    assert found["trained/ff_model.c"] != found["untrained/ff_model.c"]


def test_a_missing_cross_compiler_is_printed_and_the_export_goes_on(export, tool, only_programs):
    tool("make", "gcc")
    only_programs("make", "gcc")

    result = export(check=True)

    assert result.exit_code == 0, result.output
    assert re.search(r"^host +ok: 24 predictions", result.stdout, re.MULTILINE)
    assert (
        "cortex-m3  not checked: arm-none-eabi-gcc is needed and not on PATH; on" in result.stdout
    )
    assert result.stderr == ""


def test_without_any_compiler_the_folder_is_written_all_the_same(export, files, only_programs):
    only_programs()

    result = export("--json", check=True)

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [check["passed"] for check in report["checks"]] == [None, None]
    assert all("is needed and not on PATH" in check["message"] for check in report["checks"])
    assert len(files()) == len(report["files"])


def test_a_check_that_fails_is_printed_and_the_exit_status(export, monkeypatch):
    from plurigrid_ff.onchip import export as export_module
    from plurigrid_ff.results import BuildCheck

    failed = (BuildCheck(target="host", passed=False, message="error: vector 0"),)
    monkeypatch.setattr(export_module, "check_folder", lambda folder, memory: failed)

    result = export(check=True)

    assert result.exit_code == 1
    assert "host       FAILED: error: vector 0\n" in result.stdout
    assert "Traceback" not in result.output


def test_the_budget_and_what_fits_it_are_named(export, files, refused):
    result = export("--train", "--budget-kb", "2")

    refused(result, "of 2 KiB of RAM, ")
    named = re.search(r"train with --hidden \d+,\d+ \(\d+% narrower\)", result.stderr)
    assert named, result.stderr
    assert files() == {}
    refused(export("--flash-kb", "2"), "of 2 KiB of flash, ")


def test_overwriting_has_to_be_asked_for(export, files, refused):
    export()
    before = files()

    refused(export("--train"), "chip: holds an exported network; choose another --out, or --overw")
    assert files() == before
    refused(export("--train", "--budget-kb", "1", "--overwrite"), "of 1 KiB of RAM")
    assert files() == before

    assert export("--train", "--overwrite").exit_code == 0
    assert files().keys() == before.keys()
    assert b"ff_learn" in files()["chip/ff_model.h"]


BAD = [
    (["absent", "--format", "c", "--out", "x"], "not a run folder", 1),
    (["begun", "--format", "c", "--out", "x"], "holds an unfinished run; finish it with", 1),
    (["damaged", "--format", "c", "--out", "x"], "cannot be read as safetensors", 1),
    (["copy", "--format", "c", "--out", "copy/x"], "lies in the run folder", 1),
    (["copy", "--format", "c", "--out", "file"], "is not an exported folder, so it is left", 1),
    (["copy", "--format", "c", "--out", "file/x"], "file/x: cannot be written: ", 1),
    (["copy", "--format", "c", "--out", "folder"], "is not an exported folder, so it is left", 1),
    (["copy", "--format", "c", "--out", ".."], "expected a new file, such as", 1),
    (["copy", "--format", "c", "--out", "x", "--data", "digit"], "did you mean 'digits'?", 1),
    (["copy", "--format", "c", "--out", "x", "--halvings", "3"], "--halvings goes with --train", 2),
    (["copy", "--format", "c", "--out", "x", "--untrained"], "--untrained goes with --train", 2),
    (["copy", "--format", "c", "--out", "x", "--train", "--halvings", "31"], "0<=x<=30", 2),
    (["copy", "--format", "c", "--out", "x", "--budget-kb", "0"], "x>=1", 2),
    (["copy", "--format", "onnx", "--out", "x", "--train"], "--train goes with --format c, not", 2),
    (["copy", "--format", "onnx", "--out", "x", "--untrained"], "--untrained goes with --form", 2),
    (["copy", "--format", "onnx", "--out", "x", "--halvings", "0"], "--halvings goes with --fo", 2),
    (["copy", "--format", "onnx", "--out", "x", "--budget-kb", "9"], "--budget-kb goes with --", 2),
    (["copy", "--format", "onnx", "--out", "x", "--flash-kb", "9"], "--flash-kb goes with --fo", 2),
    (["copy", "--format", "onnx", "--out", "x", "--data", "digits"], "--data goes with --forma", 2),
    (["copy", "--format", "onnx", "--out", "x", "--no-check"], "--no-check goes with --format", 2),
]


@pytest.mark.parametrize(("arguments", "message", "status"), BAD)
def test_bad_input_to_an_export_as_c_is_one_sentence(
    invoke, run_folder, tmp_path, files, refused, arguments, message, status
):
    for name in ("copy", "damaged", "begun.partial"):
        shutil.copytree(run_folder, tmp_path / name)
    (tmp_path / "damaged" / "network.safetensors").write_bytes(b"not weights")
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    before = files()

    result = invoke("export", *arguments)

    refused(result, message, status)
    assert result.stderr.count("Error: ") == 1
    assert result.stdout == ""
    assert files() == before


def test_an_error_is_json_too_where_json_is_asked_for(export, files):
    result = export("--flash-kb", "2", "--json")

    error = json.loads(result.stdout)["error"]
    assert result.exit_code == 1
    assert error["kind"] == "QuantisationError"
    assert error["message"] in result.stderr
    assert files() == {}


def test_another_data_set_is_measured_on(export, tmp_path):
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    x, y = digits.data[:300].astype("float32"), digits.target[:300]
    np.savez(tmp_path / "few.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])

    result = export("--data", "few.npz")

    assert result.exit_code == 0, result.output
    assert len((tmp_path / "chip" / "samples.csv").read_text().splitlines()) == 100
