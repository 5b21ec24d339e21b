"""Nothing reaches a network at run time: a process that may open no socket trains and answers."""

import subprocess
import sys

BLOCKED = """
import sys


def refuse(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":
        raise SystemExit(f"reached for the network: {event}{arguments}")


sys.addaudithook(refuse)
"""
TRAIN = """
from plurigrid_ff.cli import main
main(["triads", "run", "persistent-homology-open-games-forward-forward", "--hidden", "16",
      "--epochs", "1", "--device", "cpu", "--out", "run"], standalone_mode=False)
"""


def run(code, folder):
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_triad_trains_judges_and_reports_without_a_socket(tmp_path):
    done = run(TRAIN, tmp_path)

    assert done.returncode in (0, 3), done.stderr
    assert "network" not in done.stderr
    assert (tmp_path / "run" / "report.html").is_file()


def test_the_test_would_notice(tmp_path):
    done = run("import socket; socket.create_connection(('127.0.0.1', 9))", tmp_path)

    assert done.returncode == 1
    assert "reached for the network: socket." in done.stderr
