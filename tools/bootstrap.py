"""Set up .venv for ``make demo`` and ``make test``. Standard library only.

    python3 tools/bootstrap.py runtime      what a run needs
    python3 tools/bootstrap.py dev          that, and what the checks need
    python3 tools/bootstrap.py constraints  renew constraints.txt from what indexes offer now

A second call does nothing while pyproject.toml and constraints.txt stay as they are.
torch comes as a CPU build where there is no NVIDIA GPU: on Linux a plain install may
bring gigabytes of CUDA with it.

Annotations that Python 3.6 cannot evaluate are quoted, so that an old interpreter gets as
far as the sentence that says which one to use.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from enum import Enum
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
OLDEST_PIP = (25, 3)  # before it, `pip install --dry-run` downloads whole wheels
NETWORK_HINT = "check the network and pip's index settings (pip config list), then run make again"

HEADER = """\
# Exact versions of everything that .venv may hold, so that two set-ups are the same.
# `make demo` and `make test` install with `pip install -c constraints.txt`.
#
# Written by `make constraints`: it installs .[dev] into a throw-away environment without
# these pins and records what came out. `make constraints TORCH=2.14.0` moves torch, which
# otherwise stays where it is. Renew on Python 3.11, the oldest supported: versions that
# have dropped it cannot get in. Run `make test` before you commit the result.
#
# torch bears no local suffix: 2.13.0+cpu and the CUDA build both satisfy the pin.
"""


class SetupError(Exception):
    """Set-up that cannot go on. ``str(error)`` says what to do next."""


class TorchSource(Enum):
    """Where torch comes from."""

    PRESENT = "is there already"
    PIP = "from pip"
    UV = "CPU build, from uv"


def main(arguments: "list[str] | None" = None) -> int:
    """Parse the command line and set up; 0 if all went well."""
    if sys.version_info < OLDEST_PYTHON:
        return fail(python_too_old(sys.version_info[:3], sys.executable))
    parser = argparse.ArgumentParser(prog="bootstrap.py", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["runtime", "dev", "constraints"])
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="default: .venv")
    parser.add_argument("--torch", default="", help="constraints: pin torch to this version")
    options = parser.parse_args(arguments)
    try:
        if options.what == "constraints":
            renew_constraints(ROOT / "constraints.txt", options.torch)
        else:
            set_up(options.venv.absolute(), dev=options.what == "dev")
    except SetupError as error:
        return fail(str(error))
    return 0


def fail(sentence: str) -> int:
    """Print one sentence to stderr and return exit status 1."""
    print(f"bootstrap: {sentence}", file=sys.stderr)
    return 1


def say(sentence: str) -> None:
    """Tell the user what is being done, before it takes its time."""
    print(f"bootstrap: {sentence}", flush=True)


def python_too_old(found: "tuple[int, ...]", executable: str) -> str:
    """Say which Python is needed and how to name another one."""
    return (
        f"Python {dotted(OLDEST_PYTHON)} or newer is needed, {executable} is {dotted(found)}; "
        "name a newer one, for example: make test PYTHON=python3.12"
    )


def dotted(version: "tuple[int, ...]") -> str:
    """Write a version tuple with dots."""
    return ".".join(map(str, version))


def set_up(venv: Path, *, dev: bool) -> None:
    """Bring ``venv`` up to date with pyproject.toml and constraints.txt."""
    digest = digest_of_inputs(ROOT)
    stamps = {"dev": venv / "plurigrid-ff.dev.stamp", "runtime": venv / "plurigrid-ff.stamp"}
    accepted = ["dev"] if dev else ["runtime", "dev"]  # dev holds everything runtime does
    if python_in(venv).exists() and any(holds(stamps[name], digest) for name in accepted):
        return
    for stamp in stamps.values():
        stamp.unlink(missing_ok=True)  # half an install must not look like a whole one

    ensure_venv(venv)
    constraints = ROOT / "constraints.txt"
    pin = torch_pin(constraints.read_text("utf-8"))
    install_torch(venv, pin, constraints)
    extra = "[dev]" if dev else ""
    say(f"installing plurigrid-ff{extra} and its dependencies (a minute the first time)")
    pip_install(venv, "-c", str(constraints), "-e", f"{ROOT}{extra}")
    stamps["dev" if dev else "runtime"].write_text(digest, "utf-8")


def digest_of_inputs(root: Path) -> str:
    """Hash what an install depends on, and where the tree lies."""
    digest = hashlib.sha256(str(root).encode())
    for name in ("pyproject.toml", "constraints.txt", "plurigrid_ff/__init__.py"):
        digest.update(b"\0" + (root / name).read_bytes())
    return digest.hexdigest()


def holds(stamp: Path, digest: str) -> bool:
    """Whether a stamp file exists and holds this digest."""
    return stamp.exists() and stamp.read_text("utf-8") == digest


def python_in(venv: Path) -> Path:
    """Path of the interpreter of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure_venv(venv: Path) -> None:
    """Make the environment, unless a usable one is there."""
    if python_in(venv).exists():
        check = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
        if ask(venv, "-c", check) is not None:
            if ask(venv, "-m", "pip", "--version") is None:
                run(
                    [str(python_in(venv)), "-m", "ensurepip"],
                    f"{venv} has no pip; delete it, then run make again",
                )
            return
        say(f"{venv} does not run Python {dotted(OLDEST_PYTHON)} or newer: making it anew")
    else:
        say(f"making {venv}")
    run(
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        "no virtual environment can be made; on Debian and Ubuntu install python3-venv, "
        "then run make again",
    )


def install_torch(venv: Path, pin: str, constraints: Path) -> None:
    """Install the pinned torch, without CUDA where there is no NVIDIA GPU."""
    source = choose_torch_source(
        installed=installed_version(venv, "torch"),
        pin=pin,
        platform=sys.platform,
        has_gpu=has_nvidia_gpu,
        report=lambda: report_of_dry_run(venv, pin, constraints),
    )
    say(f"torch {pin}: {source.value}")
    if source is TorchSource.PIP:
        pip_install(venv, "-c", str(constraints), f"torch=={pin}")
    elif source is TorchSource.UV:
        # uv knows where PyTorch keeps its CPU builds. It brings torch alone: what torch
        # depends on then comes from pip, with everything else.
        pip_install(venv, "-c", str(constraints), "uv")
        uv = [str(python_in(venv)), "-m", "uv", "pip", "install", "--quiet"]
        uv += ["--python", str(python_in(venv)), "--no-deps"]
        run(
            [*uv, "--torch-backend", "cpu", f"torch=={pin}"],
            f"the CPU build of torch {pin} could not be had; check the network, or install "
            f"torch {pin} into {venv} yourself, then run make again",
        )


def choose_torch_source(
    *,
    installed: "str | None",
    pin: str,
    platform: str,
    has_gpu: "Callable[[], bool]",
    report: "Callable[[], Mapping[str, Any]]",
) -> TorchSource:
    """Decide where torch comes from, asking only what has to be asked.

    Args:
        installed: Version in the environment; None if there is none.
        pin: Version in constraints.txt, without local suffix.
        platform: As ``sys.platform``.
        has_gpu: Whether an NVIDIA GPU can be used.
        report: What pip would install for the pin: its ``--report``, parsed.
    """
    if installed is not None and installed.partition("+")[0] == pin:
        return TorchSource.PRESENT
    if platform != "linux" or has_gpu():
        return TorchSource.PIP
    return TorchSource.UV if brings_cuda(report()) else TorchSource.PIP


def brings_cuda(report: "Mapping[str, Any]") -> bool:
    """Whether a torch wheel that pip would take requires NVIDIA's libraries.

    Environment markers are not evaluated: a wheel that needs CUDA on some other machine
    only sends us to uv, which has a CPU build of it too.

    Args:
        report: Parsed output of ``pip install --dry-run --no-deps --report -``.
    """
    requirements = [
        requirement
        for item in report["install"]
        for requirement in item["metadata"].get("requires_dist", [])
        if not re.search(r"\bextra\s*==", requirement)
    ]
    return any(re.match(r"(nvidia|cuda)\b", requirement) for requirement in requirements)


def report_of_dry_run(venv: Path, pin: str, constraints: Path) -> "Mapping[str, Any]":
    """Ask pip which torch it would install."""
    version = installed_version(venv, "pip") or "0"
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_PIP:
        pip_install(venv, "-c", str(constraints), "--upgrade", f"pip>={dotted(OLDEST_PIP)}")
    pip = [str(python_in(venv)), "-m", "pip", "install", "--disable-pip-version-check"]
    answer = run(
        [*pip, "--quiet", "--dry-run", "--no-deps", "--report", "-", f"torch=={pin}"],
        f"pip finds no torch {pin} for Python {dotted(sys.version_info[:2])} on {sys.platform}; "
        + NETWORK_HINT,
        capture=True,
    )
    report: Mapping[str, Any] = json.loads(answer)
    return report


def has_nvidia_gpu() -> bool:
    """Whether the NVIDIA driver lists a GPU."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        answer = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "GPU " in answer.stdout


def torch_pin(constraints: str) -> str:
    """Read the pinned version of torch."""
    found = re.search(r"^torch==([^\s;+]+)", constraints, re.MULTILINE)
    if found is None:
        raise SetupError("constraints.txt: expected a line torch==VERSION, found none; restore it")
    return found.group(1)


def installed_version(venv: Path, name: str) -> "str | None":
    """Version of a distribution in the environment; None if it is not there."""
    program = f"import importlib.metadata as m; print(m.version({name!r}))"
    return ask(venv, "-c", program)


def ask(venv: Path, *arguments: str) -> "str | None":
    """Run the environment's Python and return what it prints; None if it fails."""
    try:
        answer = subprocess.run(
            [str(python_in(venv)), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def pip_install(venv: Path, *arguments: str) -> None:
    """Install into the environment; pip prints warnings and errors only."""
    pip = [str(python_in(venv)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, *arguments], NETWORK_HINT)


def run(command: "list[str]", hint: str, *, capture: bool = False) -> str:
    """Run a command, which shows its own errors; its stdout if ``capture``.

    Raises:
        SetupError: The command failed; the message ends with the hint.
    """
    stdout = subprocess.PIPE if capture else None
    answer = subprocess.run(command, stdout=stdout, text=True)
    if answer.returncode:
        shown = " ".join(command[2:4])  # "pip install", "uv pip", "venv --clear"
        raise SetupError(f"{shown} ... failed with status {answer.returncode}: {hint}")
    return answer.stdout or ""


def renew_constraints(path: Path, torch: str) -> None:
    """Resolve .[dev] without pins, torch excepted, and write the versions to ``path``."""
    pin = torch or torch_pin(path.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        venv, only_torch = Path(folder, "venv"), Path(folder, "torch.txt")
        only_torch.write_text(f"torch=={pin}\n", "utf-8")
        ensure_venv(venv)
        pip_install(venv, "--upgrade", "pip")
        install_torch(venv, pin, only_torch)
        say("installing the newest versions of everything else")
        pip_install(venv, "-c", str(only_torch), f"{ROOT}[dev]")
        pip = [str(python_in(venv)), "-m", "pip", "freeze", "--all", "--exclude", "plurigrid-ff"]
        frozen = run(pip, "pip cannot list what it installed; run make again", capture=True)
    path.write_text(HEADER + format_pins(frozen), "utf-8")
    say(f"wrote {path}")


def format_pins(frozen: str) -> str:
    """Turn the output of ``pip freeze`` into constraints.

    Local suffixes go, as do the parts of CUDA, which follow from torch.

    Raises:
        SetupError: A line is not ``name==version``.
    """
    pins = []
    for line in frozen.splitlines():
        name, equals, version = line.partition("==")
        if re.match(r"(nvidia|cuda|triton)\b", name):
            continue
        if not equals:
            raise SetupError(f"pip freeze: expected name==version, got {line!r}; pin it by hand")
        pins.append(f"{name}=={version.partition('+')[0]}\n")
    return "".join(sorted(pins, key=str.lower))


if __name__ == "__main__":
    sys.exit(main())
