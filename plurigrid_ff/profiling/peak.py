"""The most memory that this process has had in use since some moment."""

import resource
import sys
from pathlib import Path

import torch

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
KIB = 1024


class Peak:
    """Memory above what was in use when this was made.

    On CUDA that of torch's tensors; on the CPU the resident set of the process. Linux can forget
    an earlier peak; elsewhere one that came before counts as in use.

    Args:
        device: Where the tensors live.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self._start = torch.cuda.memory_allocated(device)
        else:
            _forget_peak()
            self._start = _in_use()

    def bytes(self) -> int:
        """Return how far memory has risen."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) - self._start
        return max(0, _most() - self._start)


def _forget_peak() -> None:
    """Set the highest resident set back to the present one, where the system can."""
    try:
        CLEAR.write_text("5")  # proc(5)
    except OSError:
        return


def _in_use() -> int:
    """Return the resident set in bytes, or its peak where that is all there is."""
    return _status("VmRSS") or _most()


def _most() -> int:
    """Return the highest resident set in bytes."""
    unit = 1 if sys.platform == "darwin" else KIB
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str) -> int | None:
    """Return a line of the process's status in bytes; None where there is no such file."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * KIB for line in lines if line.startswith(f"{name}:"))
