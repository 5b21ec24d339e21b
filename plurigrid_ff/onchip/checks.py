"""Build an exported folder with the compilers there are, and run what was built."""

import re
import subprocess
from pathlib import Path

from plurigrid_ff.errors import ToolchainError
from plurigrid_ff.onchip.elf import object_sizes
from plurigrid_ff.onchip.folder import MODEL_FILE
from plurigrid_ff.onchip.memory import VARIABLES_PADDING
from plurigrid_ff.onchip.toolchain import find_tool
from plurigrid_ff.results import BuildCheck, DeviceMemory

CORE = "cortex-m3"
TIMEOUT_S = 300
STACK = re.compile(r"^stack: (\d+) bytes$", re.MULTILINE)


def check_folder(folder: Path, memory: DeviceMemory) -> tuple[BuildCheck, ...]:
    """Build for this computer and for a Cortex-M3, run both, and compare with the reference.

    What was built is removed again. A missing compiler or emulator is no failure: the check
    says which one it was.

    Args:
        folder: The exported folder.
        memory: What was counted; the object file must not take more.
    """
    try:
        return _on_host(folder), _on_core(folder, memory)
    finally:
        _make(folder, "clean")


def _on_host(folder: Path) -> BuildCheck:
    """Build and run the check on this computer."""
    try:
        find_tool("make")
        find_tool("gcc")
    except ToolchainError as error:
        return BuildCheck(target="host", passed=None, message=str(error))
    passed, printed = _make(folder, "check", "CC=gcc")
    return BuildCheck(target="host", passed=passed, message=_last_line(printed))


def _on_core(folder: Path, memory: DeviceMemory) -> BuildCheck:
    """Build for the core, measure the object file, and run the check in the emulator."""
    try:
        find_tool("make")
        find_tool("arm-none-eabi-gcc")
    except ToolchainError as error:
        return BuildCheck(target=CORE, passed=None, message=str(error))
    built, printed = _make(folder, "cortex-m")
    if not built:
        return BuildCheck(target=CORE, passed=False, message=_last_line(printed))
    sizes = object_sizes(folder / "build" / CORE / MODEL_FILE.replace(".c", ".o"))
    measured = {"target": CORE, "flash": sizes.flash, "ram": sizes.ram}
    if sizes.flash > memory.flash or sizes.ram > memory.ram + VARIABLES_PADDING:
        message = (
            f"error: takes {sizes.flash} bytes of flash and {sizes.ram} of RAM, more than the "
            f"{memory.flash} and {memory.ram} that were counted; please report it"
        )
        return BuildCheck(**measured, passed=False, message=message)
    try:
        find_tool("qemu-system-arm")
    except ToolchainError as error:
        return BuildCheck(**measured, passed=None, message=f"built, not run: {error}")
    passed, printed = _make(folder, "run-cortex-m")
    found = STACK.search(printed)
    stack = int(found[1]) if found else None
    if passed and stack is not None and stack > memory.stack:
        message = f"error: takes {stack} bytes of stack, counted were {memory.stack}; report it"
        return BuildCheck(**measured, passed=False, message=message, stack=stack)
    return BuildCheck(**measured, passed=passed, message=_last_line(printed), stack=stack)


def _make(folder: Path, *arguments: str) -> tuple[bool, str]:
    """Run make; return whether it succeeded, and what was printed: with the errors if not."""
    try:
        done = subprocess.run(  # noqa: S603 (a program from PATH, in a folder written just now)
            [find_tool("make"), "--silent", "--no-print-directory", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except ToolchainError as error:
        return False, str(error)
    except subprocess.TimeoutExpired:
        return False, f"error: make {arguments[0]} did not end within {TIMEOUT_S} s"
    succeeded = done.returncode == 0
    return succeeded, done.stdout if succeeded else done.stdout + done.stderr


def _last_line(printed: str) -> str:
    """Return the line that says how it went: the error if there is one, else the last."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["nothing was printed"])[0 if errors else -1]
