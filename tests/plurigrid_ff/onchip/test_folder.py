"""The texts of an exported folder."""

import csv
import re

import numpy as np
import pytest

from plurigrid_ff.onchip import folder as folder_module
from plurigrid_ff.onchip.folder import MAX_VECTORS, OF_THE_MODEL, folder_files, foreign_file
from plurigrid_ff.onchip.inputs import InputScaling
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.memory import memory
from plurigrid_ff.onchip.support import support_places


@pytest.fixture
def make(random_network):
    """Write the files of a random network; return them with the network and its samples."""

    def write(*, learns=True, count=40, classes=None, scaling=None, **fixed):
        network = random_network(3, **fixed)
        rng = np.random.default_rng(0)
        x = rng.integers(-127, 128, (count, network.inputs), dtype=np.int8)
        y = rng.integers(0, network.classes, count)
        files = folder_files(
            network,
            scaling or InputScaling(np.zeros(network.inputs), np.full(network.inputs, 0.25)),
            x,
            y,
            learns=learns,
            memory=memory(network, learns=learns),
            class_names=classes or tuple(f"class {k}" for k in range(network.classes)),
        )
        return files, network, x, y

    return write


@pytest.mark.parametrize("learns", [True, False])
def test_the_files_are_those_of_the_model_and_those_of_the_board(make, learns):
    files, *_ = make(learns=learns)

    assert set(files) == {*OF_THE_MODEL, *support_places()}
    assert all(text.endswith("\n") for text in files.values())


@pytest.mark.parametrize("learns", [True, False])
def test_only_a_model_that_learns_has_functions_for_it(make, learns):
    files, *_ = make(learns=learns)

    for name in ("ff_learn", "ff_reset", "ff_set_halvings", "ff_steps", "ff_saturated"):
        for file in ("ff_model.h", "ff_model.c"):
            assert (f" {name}(" in files[file]) == learns
    assert f"#define FF_LEARNS {int(learns)}\n" in files["ff_model.h"]
    assert ("ff_learn(x, 3)" in files["README.md"]) == learns


def test_samples_are_label_and_int8_features(make):
    files, _, x, y = make()

    rows = [[int(cell) for cell in row] for row in csv.reader(files["samples.csv"].splitlines())]

    assert rows == [[label, *sample] for label, sample in zip(y.tolist(), x.tolist(), strict=True)]
    assert f"# {len(rows)} labelled samples" in files["README.md"]


def test_the_check_takes_the_first_samples_and_expects_what_the_reference_gives(make):
    files, network, x, y = make()
    learner = network.copy()
    for sample, label in zip(x[:MAX_VECTORS], y[:MAX_VECTORS].tolist(), strict=True):
        learn(learner, sample, label)

    header = files["vectors.h"]

    assert f"#define VECTORS {MAX_VECTORS}\n#define LEARN_STEPS {MAX_VECTORS}u\n" in header
    assert f"vector_digest = 0x{learner.digest():08x}u;" in header
    assert network.step == 0


def test_without_learning_the_check_takes_no_step(make):
    files, network, *_ = make(learns=False)

    assert "#define LEARN_STEPS 0u\n" in files["vectors.h"]
    assert f"vector_digest = 0x{network.digest():08x}u;" in files["vectors.h"]


def test_wide_samples_are_fewer_so_that_they_fit_beside_the_model(make, monkeypatch):
    _, network, *_ = make()
    monkeypatch.setattr(folder_module, "VECTOR_BYTES", 5 * network.inputs)
    monkeypatch.setattr(folder_module, "SAMPLE_BYTES", 7 * 4 * network.inputs)

    files, *_ = make()

    assert "#define VECTORS 5\n" in files["vectors.h"]
    assert len(files["samples.csv"].splitlines()) == 7
    assert "# 7 labelled samples" in files["README.md"]


def test_offsets_and_steps_that_are_read_back_scale_alike(make, random_network):
    inputs = random_network(3).inputs
    rng = np.random.default_rng(2)
    scaling = InputScaling(rng.normal(size=inputs) * 1e3, 10 ** rng.uniform(-6, 6, inputs))
    features = (scaling.offset + scaling.step * rng.uniform(-200, 200, (50, inputs))).astype("f4")

    files, *_ = make(scaling=scaling)

    rows = list(csv.DictReader(files["inputs.csv"].splitlines()))
    offset, step = (np.array([float(row[name]) for row in rows]) for name in ("offset", "step"))
    again = InputScaling(offset, step).apply(features)
    # Ten digits are written, so a number exactly between two integers may fall either way.
    assert np.abs(again.astype(int) - scaling.apply(features)).max() <= 1
    assert (again != scaling.apply(features)).mean() < 1e-3


def test_the_header_says_how_features_become_int8(make, random_network):
    inputs = random_network(3).inputs
    own = InputScaling(np.arange(inputs) + 1.0, np.ones(inputs))

    common, each = make()[0], make(scaling=own)[0]

    assert " * x[i] = feature i / 0.25, rounded, at most 127 either way.\n" in common["ff_model.h"]
    assert " * x[i] = (feature i - offset i) / step i, rounded" in each["ff_model.h"]
    assert "x[i] = (feature i - offset i) / step i" in each["README.md"]


def test_the_readme_has_the_memory_and_the_classes(make):
    _, network, *_ = make()
    counted = memory(network, learns=True)
    names = tuple(f"a|{k}" for k in range(network.classes))

    text = make(classes=names)[0]["README.md"]

    numbers = re.findall(r"^\| [^|]+ \| (\d+) \| [\d.]+ \|$", text, re.MULTILINE)
    parts = [counted.tables, counted.code, counted.ram, counted.stack]
    assert [int(number) for number in numbers] == [*parts, counted.ram_in_all]
    assert "a/0, a/1" in text


def test_a_folder_of_nothing_but_exported_and_built_files_holds_no_foreign_one(make, tmp_path):
    for name, text in make()[0].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "build" / "host").mkdir(parents=True)
    (tmp_path / "build" / "host" / "example").touch()

    assert foreign_file(tmp_path) is None


@pytest.mark.parametrize("name", ["notes.txt", ".git/HEAD", "board/mine.c", "src/ff_model.c"])
def test_a_file_that_no_export_wrote_is_named(tmp_path, name):
    (tmp_path / "ff_model.c").touch()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()

    assert foreign_file(tmp_path) == name
