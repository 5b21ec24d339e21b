"""Runs that are cut short: nothing is lost, and the rest leads to the same bytes."""

import subprocess
import sys

import pytest

from plurigrid_ff import runs
from plurigrid_ff.errors import ConfigError, RunFolderError
from plurigrid_ff.runs import Watcher


class StopAt(Watcher):
    """Interrupts a run the way Ctrl-C does."""

    def __init__(self, round: int) -> None:
        def stop(entry):
            if (entry.round, entry.role) == (round, "coordinator"):
                raise KeyboardInterrupt

        super().__init__(on_entry=stop)


@pytest.mark.parametrize("round", [1, 3])
def test_an_interrupted_run_resumes_to_the_same_bytes(finished, tmp_path, round, base):
    whole, _ = finished
    out = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt):
        runs.train(base, out, watcher=StopAt(round))
    assert not out.exists()
    assert (tmp_path / "resumed.partial").is_dir()

    runs.train(base, out, resume=True)

    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["resumed"]


def test_an_interrupt_while_overwriting_leaves_the_old_run_whole(
    finished, tmp_path, base, contents
):
    out = tmp_path / "one"
    runs.train(base, out)
    before = contents(out)

    with pytest.raises(KeyboardInterrupt):
        runs.train(base.model_copy(update={"seed": 9}), out, overwrite=True, watcher=StopAt(2))

    assert contents(out) == before


@pytest.mark.parametrize("fails", ["write_report", "save_checkpoint"])
def test_a_full_disk_leaves_the_old_run_whole_and_says_so(
    tmp_path, monkeypatch, fails, base, contents
):
    out = tmp_path / "one"
    runs.train(base, out)
    before = contents(out)

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    target = {
        "write_report": "plurigrid_ff.report.write_report",
        "save_checkpoint": "plurigrid_ff.host.rounds.save_checkpoint",
    }[fails]
    monkeypatch.setattr(target, full_disk)
    with pytest.raises(RunFolderError, match="No space left on device; what was at .* untouched"):
        runs.train(base, out, overwrite=True)

    assert contents(out) == before


def test_a_real_limit_on_file_size_is_one_sentence_and_loses_nothing(
    finished, tmp_path, base, contents
):
    out = tmp_path / "one"
    runs.train(base, out)
    before = contents(out)
    code = (
        "import resource, sys; from plurigrid_ff.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        f"main(['train', '--out', {str(out)!r}, '--overwrite', '--hidden', '1000'])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "is untouched: put that right and go on with --resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(out) == before


def test_an_interrupt_from_the_keyboard_can_be_resumed(finished, tmp_path):
    whole, _ = finished
    out = tmp_path / "one"
    (tmp_path / "run.toml").write_bytes((whole / "run.toml").read_bytes())
    command = [sys.executable, "-m", "plurigrid_ff", "train"]
    # The signal comes from the process itself: from outside it might come too late. It is heard
    # even where these tests run in the background of a shell, which has them ignore it.
    code = (
        "import signal, sys; from plurigrid_ff.cli import main; write = sys.stdout.write\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def interrupted(text):\n"
        "    write(text)\n"
        "    if text.startswith('round 2'): signal.raise_signal(signal.SIGINT)\n"
        "sys.stdout.write = interrupted\n"
        "main(['train', 'run.toml', '--out', 'one'])"
    )
    stopped = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 130
    assert "the same command with --resume goes on" in stopped.stderr
    assert not out.exists()

    subprocess.run([*command, "--resume", "--out", "one"], cwd=tmp_path, check=True)

    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()


def test_resuming_a_finished_run_returns_its_report(finished, base, contents):
    out, report = finished
    before = contents(out)

    assert runs.train(base, out, resume=True) == report
    assert contents(out) == before


def test_resuming_with_other_settings_names_the_first_that_differs(finished, base):
    out, _ = finished
    other = base.model_copy(update={"seed": 3})

    with pytest.raises(ConfigError, match="its seed is 0, but 3 was asked for"):
        runs.train(other, out, resume=True)
