"""Where tensors live."""

import torch

from plurigrid_ff.config import Device
from plurigrid_ff.errors import DeviceError


def resolve_device(device: Device) -> torch.device:
    """Turn ``auto`` into what is there, and refuse what is not.

    Raises:
        DeviceError: CUDA was asked for and this torch finds none.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        build = torch.version.cuda
        found = "finds no GPU" if build else "is a CPU build"
        raise DeviceError(
            f"device 'cuda' was asked for, but torch {torch.__version__} {found}; "
            "use --device cpu, or install a CUDA build of torch"
        )
    return torch.device(device)
