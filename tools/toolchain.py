"""Bring the programs that ``make test`` checks exported C code and certificates with.

Where they are on PATH it does nothing, silently. As root on Debian or Ubuntu it installs
what is missing; elsewhere it says which packages are. It never fails: tests that need a
missing program are skipped, except where CI is set, which makes them fail.
"""

import os
import shutil
import subprocess
import sys
import tempfile

PACKAGES = {
    "gcc": "gcc",
    "clang": "clang",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "coqc": "coq",  # checks certificates of proofgeneral-narya
}
SANITIZERS = "libclang-rt-dev"  # follows the version of the package clang
APT = ["apt-get", "-qq", "-o", "Acquire::Retries=2", "-o", "DPkg::Lock::Timeout=120"]
TIMEOUT_S = 900


def main() -> int:
    """Install what is missing, or say what it is; always 0."""
    missing = missing_packages()
    if missing and may_install():
        say(f"installing {' '.join(missing)} (a minute or two, once)")
        install(missing)
        missing = missing_packages()
    if missing:
        say(
            f"missing: {', '.join(missing)}; tests that need them are skipped. "
            f"On Debian and Ubuntu: apt-get install {' '.join(missing)}"
        )
    return 0


def say(sentence: str) -> None:
    """Tell the user what is being done, before it takes its time."""
    print(f"toolchain: {sentence}", flush=True)


def missing_packages() -> list[str]:
    """Names of the packages to install, as Debian calls them."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if "clang" in missing or not has_sanitizers():
        missing.append(SANITIZERS)
    return missing


def has_sanitizers() -> bool:
    """Whether clang links a program with its sanitizers."""
    source = "int main(void) { return 0; }"
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        command = ["clang", "-fsanitize=address,undefined", "-x", "c", "-", "-o", program]
        try:
            answer = subprocess.run(command, input=source, capture_output=True, text=True)
        except OSError:
            return False
    return answer.returncode == 0


def may_install() -> bool:
    """Whether apt-get is there and this user may use it."""
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def install(packages: list[str]) -> None:
    """Install one package after the other, so that an unknown one stops no other."""
    apt("update")
    for package in packages:
        apt("install", "--yes", "--no-install-recommends", package)


def apt(*arguments: str) -> None:
    """Run apt-get without questions; what it could not do shows in what is missing after."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            [*APT, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"apt-get {arguments[0]}: {error}")


if __name__ == "__main__":
    sys.exit(main())
