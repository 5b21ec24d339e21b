"""A run's network as a folder of C."""

import re
import shutil
import subprocess

import numpy as np
import pytest
import torch

from plurigrid_ff import runs
from plurigrid_ff.config import DataConfig, NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import DataError, ExportError, QuantisationError, RunFolderError
from plurigrid_ff.onchip import export as export_module
from plurigrid_ff.onchip.export import export_c
from plurigrid_ff.onchip.network import OBJECTIVES
from plurigrid_ff.onchip.quantise import TRAINED_HALVINGS


@pytest.fixture
def run_folder(trained_folder):
    return trained_folder("projection")


def contents_below(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_exported_network_passes_its_checks_and_is_worth_what_the_float_one_is(
    trained_folder, trained, tmp_path, tool, objective, learns
):
    tool("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")

    report = export_c(trained_folder(objective), tmp_path / "chip", learns=learns)

    assert [check.passed for check in report.checks] == [True, True]
    assert report.integer_accuracy >= report.float_accuracy - 0.02
    run = trained(objective)
    right = run.network.predict(torch.from_numpy(run.data.test.x)).numpy() == run.data.test.y
    assert report.float_accuracy == pytest.approx(right.mean())
    assert (report.objective, report.learns, report.untrained) == (objective, learns, False)
    assert report.clipped_weights == (0.0, 0.0)


def test_the_report_lists_the_files_that_are_there_and_nothing_else_is(run_folder, tmp_path):
    out = tmp_path / "deep" / "chip"

    report = export_c(run_folder, out, check=False)

    there = {str(p.relative_to(out)): p.stat().st_size for p in out.rglob("*") if p.is_file()}
    assert {file.name: file.bytes for file in report.files} == there
    assert [path.name for path in out.parent.iterdir()] == ["chip"]
    assert (report.out, report.format, report.checks) == (str(out), "c", ())
    assert report.class_names == tuple("0123456789")
    assert (report.feature_shape, report.data) == ((8, 8), "digits")
    assert report.memory.flash == report.memory.tables + report.memory.code


def test_the_same_run_gives_the_same_folder(run_folder, tmp_path):
    export_c(run_folder, tmp_path / "one", learns=True, check=False)
    export_c(run_folder, tmp_path / "two", learns=True, check=False)

    assert contents_below(tmp_path / "one") == contents_below(tmp_path / "two")


def test_what_is_exported_predicts_as_the_report_says(run_folder, tmp_path, tool):
    tool("make", "gcc")
    out = tmp_path / "chip"

    report = export_c(run_folder, out, check=False)

    subprocess.run(["make", "--silent", "CC=gcc"], cwd=out, check=True)
    samples = (out / "samples.csv").read_text()
    program = out / "build" / "host" / "example"
    done = subprocess.run(
        [program, "-s"], input=samples, capture_output=True, text=True, check=True
    )
    right = int(re.search(r"359 labelled, (\d+) right", done.stderr)[1])
    assert right / 359 == pytest.approx(report.integer_accuracy)


@pytest.mark.parametrize(
    ("settings", "halvings"),
    [
        ({}, TRAINED_HALVINGS),
        ({"halvings": 2}, 2),
        ({"untrained": True}, 0),
        ({"untrained": True, "halvings": 3}, 3),
    ],
)
def test_a_trained_network_goes_on_with_small_steps_and_an_untrained_one_with_large(
    run_folder, tmp_path, settings, halvings
):
    export_c(run_folder, tmp_path / "chip", learns=True, check=False, **settings)

    source = (tmp_path / "chip" / "ff_model.c").read_text()
    assert f"    ram_halvings = {halvings};\n" in source
    assert f"it starts at {halvings}." in (tmp_path / "chip" / "README.md").read_text()


@pytest.mark.parametrize("scaling", ["none", "standard"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_untrained_export_begins_where_the_run_began(tmp_path, objective, scaling):
    # Steps this small change no weight of the run, so its weights are still the initial ones.
    config = RunConfig(
        network=NetworkConfig(hidden=(20,), objective=objective, scaling=scaling),
        training=TrainingConfig(epochs=1, learning_rate=1e-30),
        device="cpu",
        seed=5,
    )
    runs.train(config, tmp_path / "run")

    for name, untrained in (("initial", True), ("unmoved", False)):
        settings = {"learns": True, "halvings": 0, "untrained": untrained, "check": False}
        export_c(tmp_path / "run", tmp_path / name, **settings)

    assert contents_below(tmp_path / "initial") == contents_below(tmp_path / "unmoved")


def test_an_untrained_export_knows_nothing_yet_of_a_run_that_learned(run_folder, tmp_path):
    settings = {"learns": True, "check": False}

    trained = export_c(run_folder, tmp_path / "trained", **settings)
    untrained = export_c(run_folder, tmp_path / "untrained", untrained=True, **settings)

    assert trained.integer_accuracy > 0.85
    assert untrained.integer_accuracy < 0.3
    assert untrained.untrained


def test_other_data_is_measured_on_and_chooses_the_scale(run_folder, trained, tmp_path):
    data = trained("projection").data
    parts = {"train": data.train, "test": data.test}
    louder = {f"x_{name}": 100 * part.x[:50] for name, part in parts.items()}
    labels = {f"y_{name}": part.y[:50] for name, part in parts.items()}
    np.savez(tmp_path / "louder.npz", **louder, **labels)

    report = export_c(
        run_folder,
        tmp_path / "chip",
        data=DataConfig(source=str(tmp_path / "louder.npz")),
        check=False,
    )

    rows = (tmp_path / "chip" / "samples.csv").read_text().splitlines()
    assert len(rows) == 50
    assert "x[i] = feature i / 1," in (tmp_path / "chip" / "ff_model.h").read_text()
    assert report.integer_accuracy > 0.85


REFUSED = [
    ("nothing", {}, RunFolderError, "not a run folder"),
    ("begun", {}, RunFolderError, "holds an unfinished run; finish it with"),
    ("run", {"learns": True, "ram_kb": 2}, QuantisationError, "of 2 KiB of RAM, .*in weights; "),
    (
        "run",
        {"flash_kb": 5},
        QuantisationError,
        r"of 5 KiB of flash, .*train with --hidden \d+,\d+",
    ),
    ("run", {"data": DataConfig(source="absent.npz")}, DataError, "absent.npz"),
]


@pytest.mark.parametrize(("name", "settings", "kind", "message"), REFUSED)
def test_a_refused_export_leaves_what_was_there(
    run_folder, tmp_path, name, settings, kind, message
):
    shutil.copytree(run_folder, tmp_path / "run")
    shutil.copytree(run_folder, tmp_path / "begun.partial")
    out = tmp_path / "chip"
    export_c(run_folder, out, check=False)
    before = contents_below(out), sorted(path.name for path in tmp_path.iterdir())

    with pytest.raises(kind, match=message):
        export_c(tmp_path / name, out, overwrite=True, **settings)

    assert (contents_below(out), sorted(path.name for path in tmp_path.iterdir())) == before


def test_an_exported_folder_is_replaced_whole_only_when_asked(run_folder, tmp_path):
    out = tmp_path / "chip"
    export_c(run_folder, out, learns=True, check=False)
    (out / "build").mkdir()
    (out / "README.md").write_text("read")
    before = contents_below(out)

    with pytest.raises(ExportError, match="holds an exported network; choose another --out, or"):
        export_c(run_folder, out, check=False)
    assert contents_below(out) == before
    export_c(run_folder, out, check=False, overwrite=True)

    assert "#define FF_LEARNS 0" in (out / "ff_model.h").read_text()
    assert not (out / "build").exists()
    assert (out / "README.md").read_text() != "read"


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("kind", ["empty", "folder", "file"])
def test_what_is_no_exported_folder_is_left_alone(run_folder, tmp_path, kind, overwrite):
    out = tmp_path / "mine"
    if kind == "file":
        out.write_text("mine")
    else:
        out.mkdir()
    if kind == "folder":
        (out / "main.c").write_text("mine")

    with pytest.raises(ExportError, match="exists and is not an exported folder"):
        export_c(run_folder, out, check=False, overwrite=overwrite)

    assert out.exists()
    assert not (out / "ff_model.c").exists()


def test_a_project_that_a_model_was_copied_into_is_left_alone(run_folder, tmp_path):
    out = tmp_path / "firmware"
    export_c(run_folder, out, check=False)
    (out / "sensor.c").write_text("mine")

    with pytest.raises(ExportError, match=r"holds 'sensor\.c', which no export wrote"):
        export_c(run_folder, out, check=False, overwrite=True)

    assert (out / "sensor.c").read_text() == "mine"


@pytest.mark.parametrize("out", ["run", "run/chip", "run/../run/chip"])
def test_the_run_folder_stays_what_it_is(run_folder, tmp_path, out):
    run = shutil.copytree(run_folder, tmp_path / "run")
    before = contents_below(run)

    with pytest.raises(ExportError, match="lies in the run folder"):
        export_c(run, tmp_path / out, check=False, overwrite=True)

    assert contents_below(run) == before


def test_a_full_disk_leaves_the_old_folder(run_folder, tmp_path, monkeypatch):
    out = tmp_path / "chip"
    export_c(run_folder, out, check=False)
    before = contents_below(out)

    def full(folder, memory):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "check_folder", full)

    with pytest.raises(ExportError, match="cannot be written: No space left on device; what was"):
        export_c(run_folder, out, learns=True, overwrite=True)

    assert contents_below(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["chip"]


def test_an_unfinished_run_of_the_same_name_is_left_alone(run_folder, tmp_path):
    begun = shutil.copytree(run_folder, tmp_path / "chip.partial")

    export_c(run_folder, tmp_path / "chip", check=False)

    assert contents_below(begun) == contents_below(run_folder)


def test_the_folder_is_checked_before_it_is_in_its_place(run_folder, tmp_path, monkeypatch):
    seen = []

    def look(folder, memory):
        seen.append(((folder / "ff_model.c").exists(), (tmp_path / "chip").exists()))
        return ()

    monkeypatch.setattr(export_module, "check_folder", look)

    export_c(run_folder, tmp_path / "chip")

    assert seen == [(True, False)]
