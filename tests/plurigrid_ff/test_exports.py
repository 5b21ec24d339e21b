"""A run's network as a file for other runtimes."""

import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from plurigrid_ff import exports, files, inference
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.errors import (
    CheckpointError,
    ExportError,
    MissingExtraError,
    RunFolderError,
    UnknownNameError,
)
from plurigrid_ff.exports import export_run
from plurigrid_ff.learning.checkpoint import load_network


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the run that a test may damage."""
    return shutil.copytree(finished[0], tmp_path / "copy")


def test_an_onnx_export_labels_test_samples_as_predict_does(finished, base, tmp_path):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    x = load_dataset(base.data, seed=0).test.x
    np.savez(tmp_path / "new.npz", x=x)

    export_run(finished[0], tmp_path / "net.onnx", format="onnx")

    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    (labels,) = session.run(["label"], {"samples": x})
    names = [item.label for item in inference.predict(finished[0], tmp_path / "new.npz")]
    assert [str(label) for label in labels] == names


def test_a_safetensors_export_is_a_network_file(finished, base, tmp_path):
    x = torch.from_numpy(load_dataset(base.data, seed=0).test.x)

    export_run(finished[0], tmp_path / "net.safetensors", format="safetensors")

    network, card = load_network(tmp_path / "net.safetensors")
    original, original_card = load_network(finished[0] / "network.safetensors")
    assert card == original_card
    assert torch.equal(network(x), original(x))


def test_the_report_says_what_was_written_and_what_goes_in_and_out(finished, tmp_path):
    out = tmp_path / "new" / "net.safetensors"

    report = export_run(str(finished[0]), str(out), format="safetensors")

    assert report.format == "safetensors"
    assert report.out == str(out)
    assert [(file.name, file.bytes) for file in report.files] == [(out.name, out.stat().st_size)]
    assert report.feature_shape == (8, 8)
    assert report.class_names == tuple("0123456789")
    assert (report.data, report.objective) == ("digits", "projection")
    assert report.parameters == finished[1].parameters


def test_an_existing_file_stays_unless_overwriting_is_asked_for(finished, tmp_path):
    out = tmp_path / "net"
    out.write_text("mine")

    with pytest.raises(ExportError, match=r"exists; choose another --out, or --overwrite"):
        export_run(finished[0], out, format="safetensors")
    assert out.read_text() == "mine"
    export_run(finished[0], out, format="safetensors", overwrite=True)

    assert out.read_bytes() == (finished[0] / "network.safetensors").read_bytes()


def test_a_link_to_nowhere_is_not_replaced(finished, tmp_path):
    out = tmp_path / "net"
    out.symlink_to(tmp_path / "gone")

    with pytest.raises(ExportError, match="exists"):
        export_run(finished[0], out, format="safetensors")


def test_a_folder_is_left_alone_even_when_overwriting(finished, tmp_path):
    with pytest.raises(ExportError, match=r"is a folder, so it is left alone; name a file"):
        export_run(finished[0], tmp_path, format="safetensors", overwrite=True)


@pytest.mark.parametrize("inside", ["network.safetensors", "deep/net", "../copy/net", "."])
def test_nothing_is_written_into_the_run_folder(copy, contents, inside):
    before = contents(copy)

    with pytest.raises(ExportError, match="lies in the run folder"):
        export_run(copy, f"{copy}/{inside}", format="safetensors", overwrite=True)

    assert contents(copy) == before


def test_a_link_into_the_run_folder_is_refused(copy, tmp_path):
    (tmp_path / "link").symlink_to(copy)

    with pytest.raises(ExportError, match="lies in the run folder"):
        export_run(copy, tmp_path / "link" / "net", format="safetensors")


def test_a_path_without_a_name_is_refused(finished):
    with pytest.raises(ExportError, match="expected a new file, such as"):
        export_run(finished[0], "..", format="safetensors")


def test_an_unknown_format_gets_the_nearest(finished, tmp_path):
    with pytest.raises(UnknownNameError, match="unknown format 'onx'; did you mean 'onnx'"):
        export_run(finished[0], tmp_path / "net", format="onx")


def test_without_onnx_the_extra_is_named_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    for name in [name for name in sys.modules if name.startswith(exports.FORMATS["onnx"])]:
        monkeypatch.delitem(sys.modules, name)  # with the modules beside it

    with pytest.raises(MissingExtraError) as caught:
        export_run(tmp_path / "none", tmp_path / "net", format="onnx")

    assert str(caught.value) == ("--format onnx needs onnx: pip install 'plurigrid-ff[onnx]'")


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="not a run folder"):
        export_run(tmp_path, tmp_path.parent / "net", format="safetensors")


def test_an_unfinished_run_is_refused_with_how_to_finish_it(copy, tmp_path):
    copy.rename(tmp_path / "copy.partial")

    with pytest.raises(RunFolderError, match=r"unfinished run; finish it with .*--resume --out"):
        export_run(copy, tmp_path / "net", format="safetensors")


def test_a_run_without_a_report_is_refused(copy, tmp_path):
    (copy / "report.json").unlink()

    with pytest.raises(RunFolderError, match="the folder of a finished run"):
        export_run(copy, tmp_path / "net", format="safetensors")


@pytest.mark.parametrize("format", ["onnx", "safetensors"])
def test_damaged_weights_are_refused_and_nothing_is_written(copy, tmp_path, format):
    if format == "onnx":
        pytest.importorskip("onnx")
    network = copy / "network.safetensors"
    network.write_bytes(network.read_bytes()[:-1])

    with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
        export_run(copy, tmp_path / "net", format=format)

    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_place_that_cannot_be_written_is_refused(finished, tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)

    with pytest.raises(ExportError, match="net: cannot be written: Permission denied"):
        export_run(finished[0], tmp_path / "net", format="safetensors")


def test_what_a_format_adds_lies_beside_and_replaces_nothing(finished, tmp_path, monkeypatch):
    encode = SimpleNamespace(encode=lambda source, name: {f"{name}.h": b"head", name: b"body"})
    monkeypatch.setitem(sys.modules, "two_files", encode)
    monkeypatch.setitem(exports.FORMATS, "two", "two_files")

    report = export_run(finished[0], tmp_path / "net", format="two")
    (tmp_path / "net").unlink()
    with pytest.raises(ExportError, match=r"net\.h: exists"):
        export_run(finished[0], tmp_path / "net", format="two")

    assert [(file.name, file.bytes) for file in report.files] == [("net.h", 4), ("net", 4)]
    assert not (tmp_path / "net").exists()
