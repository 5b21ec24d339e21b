import json
import shutil

import pytest

SMALL = ["--hidden", "24,16", "--epochs", "4", "--batch-size", "32", "--device", "cpu"]


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["--data", "digit"], "unknown data set 'digit'; did you mean 'digits'?", 1),
        (["--data", "mnist"], "PLURIGRID_FF_DATA", 1),
        (["--data", "cifar10"], "cs.toronto.edu/~kriz/cifar.html", 1),
        (["--data", "fsdd"], "github.com/Jakobovski/free-spoken-digit-dataset", 1),
        (["--data", "absent/file.npz"], "absent/file.npz", 1),
        (["--data", "."], "expected four idx files, or images or .wav files", 1),
        (["--set", "data.image_size=0"], "data.image_size", 1),
        (["--set", "data.mel_bands=2"], "data.mel_bands", 1),
        (["--objective", "projektion"], "did you mean 'projection'?", 1),
        (["--objective", "symba", "--set", "network.options.goodness=topk"], "mean 'top-k'?", 1),
        (["--objective", "symba", "--negatives", "hardest"], "mean 'hardest-label'", 1),
        (["--objective", "self-contrastive"], 'set network.readout = "probe"', 1),
        (["--set", "network.negatives=noise"], "compares classes and learns from 'none'", 1),
        (["--set", "network.readout=prob"], "'goodness', 'probe' or 'head', got 'prob'", 1),
        (["--set", "training.epoch=3"], "training.epoch: unknown key; did you mean 'epochs'?", 1),
        (["--set", "nonsense"], "expected KEY=VALUE", 1),
        (["--set", "seed.deep=3"], "seed", 1),
        (["--epochs", "0"], "training.epochs: input should be greater than 0, got 0", 1),
        (["--hidden", "a,b"], "'a,b' is not a list of whole numbers", 2),
        (["--hidden", "0"], "network.hidden.0", 1),
        (["--device", "tpu"], "'tpu' is not one of", 2),
        (["--triad", "no-such"], "unknown triad 'no-such'", 1),
        (["--learning-rate", "1e30"], "loss of layer", 1),
        (["absent.toml"], "absent.toml: cannot be read: No such file", 1),
    ],
)
def test_bad_input_to_train_is_one_sentence(invoke, tmp_path, arguments, message, status, refused):
    result = invoke("train", "--out", "mine", *SMALL[-2:], *arguments)

    refused(result, message, status)
    assert not (tmp_path / "mine").exists()


def test_cuda_that_is_missing_is_refused(invoke, monkeypatch, refused):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    refused(invoke("train", "--device", "cuda", "--out", "x"), "device 'cuda' was asked for")


def test_a_misspelt_key_in_a_run_file_names_file_and_key(invoke, tmp_path, refused):
    (tmp_path / "run.toml").write_text("[training]\nepoch = 3\n")

    refused(
        invoke("train", "run.toml"),
        "run.toml: training.epoch: unknown key; did you mean 'epochs'?",
    )


def test_an_existing_run_is_refused(invoke, run_folder, refused):
    refused(invoke("train", "--out", str(run_folder)), "holds a finished run")


def test_errors_are_json_too(invoke):
    result = invoke("train", "--data", "digit", "--json")

    error = json.loads(result.stdout)["error"]
    assert error["kind"] == "UnknownNameError"
    assert "did you mean 'digits'" in error["message"]
    assert result.exit_code == 1


def test_a_damaged_network_is_refused(invoke, run_folder, tmp_path, refused):

    shutil.copytree(run_folder, tmp_path / "copy")
    network = tmp_path / "copy" / "network.safetensors"
    network.write_bytes(network.read_bytes()[:1000])

    refused(invoke("evaluate", "copy"), "cannot be read as safetensors")


def test_terminal_escapes_in_a_name_are_not_sent_to_the_terminal(invoke, refused):
    result = invoke("triads", "check", "\x1b[31mred")

    refused(result, "unknown triad")
    assert "\x1b" not in result.output
