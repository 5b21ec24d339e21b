"""``plurigrid-ff export`` as a user calls it."""

import json
import shutil
import subprocess
import sys

import pytest


def test_exporting_onnx_says_what_was_written(invoke, run_folder, tmp_path):
    pytest.importorskip("onnx")

    result = invoke("export", str(run_folder), "--format", "onnx", "--out", "net.onnx")

    assert result.exit_code == 0, result.output
    size = (tmp_path / "net.onnx").stat().st_size
    assert result.stdout.splitlines() == [
        f"wrote net.onnx  ({size:,} bytes)",
        "samples of 8 x 8 -> 10 classes of digits",
    ]


def test_exporting_prints_json_for_programs(invoke, run_folder, tmp_path):
    result = invoke("export", str(run_folder), "--format", "safetensors", "--out", "n", "--json")

    report = json.loads(result.stdout)
    assert report["files"] == [{"name": "n", "bytes": (tmp_path / "n").stat().st_size}]
    assert report["feature_shape"] == [8, 8]
    assert report["class_names"] == list("0123456789")


def test_overwriting_has_to_be_asked_for(invoke, run_folder, tmp_path, refused):
    (tmp_path / "net").write_text("mine")
    arguments = ("export", str(run_folder), "--format", "safetensors", "--out", "net")

    refused(invoke(*arguments), "net: exists; choose another --out, or --overwrite")
    assert (tmp_path / "net").read_text() == "mine"
    assert invoke(*arguments, "--overwrite").exit_code == 0

    assert (tmp_path / "net").read_text(errors="replace") != "mine"


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["absent", "--format", "safetensors", "--out", "x"], "not a run folder", 1),
        (["copy", "--format", "tflite", "--out", "x"], "'tflite' is not one of 'c'", 2),
        (["copy", "--format", "safetensors"], "Missing option '--out'", 2),
        (["copy", "--out", "x"], "Missing option '--format'", 2),
        (["copy", "--format", "safetensors", "--out", "copy/x"], "lies in the run folder", 1),
        (["copy", "--format", "safetensors", "--out", "copy"], "lies in the run folder", 1),
        (["copy", "--format", "safetensors", "--out", "file/x"], "file/x: cannot be written", 1),
        (["copy", "--format", "safetensors", "--out", "folder"], "is a folder", 1),
        (["damaged", "--format", "safetensors", "--out", "x"], "cannot be read as safetensors", 1),
        (["begun", "--format", "safetensors", "--out", "x"], "holds an unfinished run", 1),
    ],
)
def test_bad_input_to_export_is_one_sentence(
    invoke, run_folder, tmp_path, arguments, message, status, refused
):
    for name in ("copy", "damaged", "begun.partial"):
        shutil.copytree(run_folder, tmp_path / name)
    (tmp_path / "damaged" / "network.safetensors").write_bytes(b"not weights")
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()

    refused(invoke("export", *arguments), message, status)

    assert not (tmp_path / "x").exists()


def test_help_for_export_loads_neither_torch_nor_onnx():
    code = (
        "import sys; from plurigrid_ff.cli import main;"
        "main(['export', '--help'], standalone_mode=False);"
        "sys.exit(bool({'torch', 'onnx'} & sys.modules.keys()))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
