"""The programs that what is exported is built, run and proved with."""

import shutil
from pathlib import Path

from plurigrid_ff.errors import ToolchainError

DEBIAN_PACKAGES = {
    "gcc": "gcc",
    "clang": "clang",
    "make": "make",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "arm-none-eabi-size": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "coqc": "coq",
    "coqchk": "coq",
}


def find_tool(program: str) -> Path:
    """Find a program on PATH.

    Args:
        program: One of ``DEBIAN_PACKAGES``.

    Raises:
        ToolchainError: It is not installed; the message names the package that brings it.
    """
    found = shutil.which(program)
    if found is None:
        package = DEBIAN_PACKAGES[program]
        raise ToolchainError(
            f"{program} is needed and not on PATH; on Debian and Ubuntu: apt-get install {package}"
        )
    return Path(found)
