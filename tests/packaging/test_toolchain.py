"""tools/toolchain.py: what is missing is installed or named, and nothing of it fails."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALL = {"gcc", "clang", "gcc-arm-none-eabi", "qemu-system-arm", "coq", "libclang-rt-dev"}


@pytest.fixture
def toolchain():
    spec = importlib.util.spec_from_file_location("toolchain", ROOT / "tools" / "toolchain.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def machine(toolchain, monkeypatch):
    """A machine on which apt-get installs what it knows; returns what is there and asked."""

    def make(present, known=ALL, *, root=True):
        present, commands = set(present), []

        def run(command, **options):
            commands.append(command)
            if command[0] == "clang":
                return subprocess.CompletedProcess(command, "libclang-rt-dev" not in present)
            if command[-1] in known:
                present.add(command[-1])
            return subprocess.CompletedProcess(command, command[-1] not in {*known, "update"})

        monkeypatch.setattr(toolchain.subprocess, "run", run)
        monkeypatch.setattr(
            toolchain.shutil,
            "which",
            lambda name: (
                name if name == "apt-get" or toolchain.PACKAGES.get(name) in present else None
            ),
        )
        monkeypatch.setattr(toolchain.os, "geteuid", lambda: 0 if root else 1000)
        return commands

    return make


def asked_of_apt(commands):
    return [command[-1] for command in commands if command[0] == "apt-get"]


def test_where_all_is_there_it_does_nothing_and_says_nothing(toolchain, machine, capsys):
    commands = machine(ALL)

    assert toolchain.main() == 0
    assert asked_of_apt(commands) == []
    assert capsys.readouterr().out == ""


def test_root_gets_what_is_missing_and_no_more(toolchain, machine, capsys):
    commands = machine({"gcc", "clang", "libclang-rt-dev"})

    assert toolchain.main() == 0
    assert asked_of_apt(commands) == ["update", "gcc-arm-none-eabi", "qemu-system-arm", "coq"]
    assert all("--no-install-recommends" in c for c in commands if "install" in c)
    assert "missing" not in capsys.readouterr().out


def test_the_sanitizers_are_installed_where_clang_links_without_them(toolchain, machine):
    commands = machine(ALL - {"libclang-rt-dev"})

    toolchain.main()

    assert asked_of_apt(commands) == ["update", "libclang-rt-dev"]


def test_a_package_that_apt_does_not_know_stops_no_other(toolchain, machine, capsys):
    commands = machine({"gcc"}, known=ALL - {"clang", "libclang-rt-dev"})

    assert toolchain.main() == 0
    assert set(asked_of_apt(commands)) == {"update"} | ALL - {"gcc"}
    assert "missing: clang, libclang-rt-dev; tests that need them" in capsys.readouterr().out


def test_who_may_not_install_is_told_the_packages_in_one_line(toolchain, machine, capsys):
    commands = machine({"gcc"}, root=False)

    assert toolchain.main() == 0
    assert asked_of_apt(commands) == []
    assert re.fullmatch(
        r"toolchain: missing: .* skipped\. .* apt-get install clang gcc-arm-none-eabi .*\n",
        capsys.readouterr().out,
    )


def test_an_apt_that_hangs_is_reported_and_does_not_fail(toolchain, monkeypatch, capsys):
    def hang(command, **_):
        raise subprocess.TimeoutExpired(command, 900)

    monkeypatch.setattr(toolchain.subprocess, "run", hang)

    toolchain.apt("update")

    assert "apt-get update: " in capsys.readouterr().out


def test_make_test_brings_the_toolchain_before_the_tests():
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(r"^tests: .*\btoolchain\b", makefile, re.MULTILINE)
