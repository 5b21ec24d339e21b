"""What a result depends on beside its settings: versions, and the machine."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from plurigrid_ff import __version__

VERSIONED = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "gudhi",
    "networkx",
    "pydantic",
    "pillow",
    "kaldi-native-fbank",
)


def installed_versions() -> dict[str, str]:
    """Versions of what a result depends on, without importing any of it."""
    versions = {"python": platform.python_version(), "plurigrid-ff": __version__}
    for name in VERSIONED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def describe_machine() -> dict[str, str]:
    """Say what bits depend on beside versions: processor, system, and torch's threads."""
    import torch

    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "threads": str(torch.get_num_threads()),
    }


def _processor() -> str:
    """Return the processor's name, as well as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
