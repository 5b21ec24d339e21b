"""The exported example, fed with samples through standard input."""

import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from plurigrid_ff.config import DataConfig, NetworkConfig
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.onchip.c_source import c_files, render
from plurigrid_ff.onchip.forward import predict
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.network import OBJECTIVES
from plurigrid_ff.onchip.quantise import quantise

EVERY_WARNING = [
    *("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wshadow"),
    *("-Wundef", "-Wcast-qual", "-Wstrict-prototypes", "-Wmissing-prototypes"),
]
LEARNED = {"projection": 0.91, "class-goodness": 0.91, "threshold": 0.87}  # of 359 test digits


@pytest.fixture(scope="session")
def digits():
    return load_dataset(DataConfig(), seed=0)


@pytest.fixture(scope="session")
def example(digits, tool, tmp_path_factory):
    """Build the example for an untrained network; return how to run it, and the network."""
    made = {}

    def built(objective="projection", *, learns=True):
        if (objective, learns) not in made:
            (compiler,) = tool("gcc")
            config = NetworkConfig(hidden=(60, 40), objective=objective)
            quantised = quantise(
                FFNetwork(config, digits.feature_shape, 10, seed=0), digits.train.x
            )
            folder = tmp_path_factory.mktemp("example")
            files = c_files(quantised.network, learns=learns) | {"main.c": render("main.c", {})}
            for name, text in files.items():
                (folder / name).write_text(text, "utf-8")
            sources = ["main.c", "ff_model.c", "-o", "example"]
            command = [compiler, *EVERY_WARNING, "-O2", *sources]
            subprocess.run(command, cwd=folder, check=True)
            made[objective, learns] = SimpleNamespace(
                network=quantised.network, scaling=quantised.scaling, program=folder / "example"
            )
        return made[objective, learns]

    return built


@pytest.fixture
def run(example):
    """Feed text to the example; return what it prints, its summary and its exit status."""

    def feed(text, *options, **which):
        command = [example(**which).program, *options]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)

    return feed


def line(sample, label="?"):
    return ",".join(map(str, [label, *sample])) + "\n"


@pytest.fixture
def stream(digits, example):
    """The first digits as int8, and as lines."""
    x = example().scaling.apply(digits.test.x[:20])
    y = digits.test.y[:20].tolist()
    text = "".join(line(sample, label) for sample, label in zip(x.tolist(), y, strict=True))
    return SimpleNamespace(x=x, y=y, text=text)


def summary(done):
    (last,) = done.stderr.splitlines()
    return last


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_each_sample_is_predicted_and_then_learned_from(run, example, stream, objective):
    learner = example(objective).network.copy()
    predicted = []
    for sample, label in zip(stream.x, stream.y, strict=True):
        predicted.append(int(predict(learner, sample[None])[0]))
        learn(learner, sample, label)
    right = sum(p == y for p, y in zip(predicted, stream.y, strict=True))

    done = run(stream.text, objective=objective)

    assert [int(number) for number in done.stdout.split()] == predicted
    assert summary(done) == (
        f"20 samples, 20 labelled, {right} right ({5 * right}.00%), learned from every label, "
        f"digest {learner.digest():08x}"
    )
    assert done.returncode == 0


def test_with_f_nothing_is_learned(run, example, stream):
    network = example().network

    done = run(stream.text, "-f")

    assert [int(number) for number in done.stdout.split()] == predict(network, stream.x).tolist()
    assert summary(done).endswith(f"nothing learned, digest {network.digest():08x}")


def test_with_s_only_the_summary_is_printed(run, stream):
    done = run(stream.text, "-s", "-f")

    assert done.stdout == ""
    assert summary(done).startswith("20 samples, 20 labelled, ")


def test_with_r_the_step_size_is_halved_so_often(run, example, stream):
    learner = example().network.copy()
    learner.halvings = 3
    for sample, label in zip(stream.x, stream.y, strict=True):
        learn(learner, sample, label)

    done = run(stream.text, "-r", "3")

    assert summary(done).endswith(f"digest {learner.digest():08x}")


def test_a_question_mark_is_predicted_and_not_learned_from(run, example, stream):
    network = example().network

    done = run("".join(line(sample) for sample in stream.x.tolist()))

    assert [int(number) for number in done.stdout.split()] == predict(network, stream.x).tolist()
    assert summary(done) == (
        f"20 samples, 0 labelled, 0 right (0.00%), learned from every label, "
        f"digest {network.digest():08x}"
    )


def test_without_learning_labels_are_counted_and_r_is_no_option(run, example, stream):
    done = run(stream.text, learns=False)

    assert "20 labelled" in done.stderr
    assert summary(done).endswith(f"nothing learned, digest {example().network.digest():08x}")
    refused = run(stream.text, "-r", "3", learns=False)
    assert refused.returncode == 2
    assert refused.stderr.endswith("example [-f] [-s] < samples.csv\n")


def test_an_empty_stream_has_a_summary_too(run):
    done = run("")

    assert summary(done).startswith("0 samples, 0 labelled, 0 right (0.00%), ")
    assert done.returncode == 0


@pytest.mark.parametrize("ending", ["\r\n", " \n", ""])
def test_line_ends_of_any_kind_are_read(run, stream, ending):
    text = "".join(row.rstrip("\n") + (ending or "\n") for row in stream.text.splitlines())
    text = text if ending else text.rstrip("\n")

    done = run(text)

    assert done.stdout == run(stream.text).stdout
    assert done.returncode == 0


GOOD = line([0] * 64, 3)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (line([0] * 63, 3), "too few numbers"),
        ("3\n", "too few numbers"),
        (line([0] * 65, 3), "too many numbers"),
        (line([0] * 64, 10), "a number is out of range"),
        (line([0] * 64, -1), "a number is out of range"),
        (line([0] * 63 + [128], 3), "a number is out of range"),
        (line([-128] + [0] * 63, "?"), "a number is out of range"),
        (line([10**30] + [0] * 63, 3), "a number is out of range"),
        (line(["0.5"] + [0] * 63, 3), "a field is not a whole number"),
        (line(["x"] + [0] * 63, 3), "a field is not a whole number"),
        (line([""] + [0] * 63, 3), "a field is not a whole number"),
        (line([" "] + [0] * 63, 3), "a field is not a whole number"),
        (line(["1 2"] + [0] * 62, 3), "a field is not a whole number"),
        (line([0] * 64, ""), "a field is not a whole number"),
        (line([0] * 64, "??"), "a field is not a whole number"),
        ("\n", "a field is not a whole number"),
        ("label,x0,x1\n", "a field is not a whole number"),
        ("3," + "0" * 2000 + "\n", "too long"),
    ],
)
def test_a_malformed_line_is_refused_with_its_number(run, bad, what):
    done = run(GOOD + GOOD + bad + GOOD)

    assert done.returncode == 1
    assert done.stderr == (
        f"line 3: {what}; expected LABEL,X0,...,X63: a label in [0, 10) or ?, then 64 whole "
        "numbers in [-127, 127]\n"
    )
    assert len(done.stdout.split()) == 2


@pytest.mark.parametrize(
    "options",
    [["-x"], ["-r"], ["-r", "three"], ["-r", "-1"], ["-r", "31"], ["-r", "4294967297"], ["file"]],
)
def test_an_option_that_cannot_be_read_is_refused_with_the_usage(run, options):
    done = run(GOOD, *options)

    assert done.returncode == 2
    assert f": cannot read option {options[0]}; usage: " in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_stream_of_digits_teaches_an_untrained_network(run, example, digits, objective):
    scaling = example(objective).scaling
    x, y = scaling.apply(digits.train.x).tolist(), digits.train.y.tolist()
    lesson = "".join(line(sample, label) for sample, label in zip(x, y, strict=True))
    questions = "".join(line(sample) for sample in scaling.apply(digits.test.x).tolist())

    done = run(lesson * 6 + questions, "-r", "1", objective=objective)

    answers = np.array(done.stdout.split(), dtype=int)[-len(digits.test.y) :]
    assert (answers == digits.test.y).mean() >= LEARNED[objective]
