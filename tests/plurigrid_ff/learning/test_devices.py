import pytest
import torch

from plurigrid_ff.errors import DeviceError
from plurigrid_ff.learning.devices import resolve_device


def test_auto_takes_what_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == torch.device("cpu")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == torch.device("cuda")


def test_cuda_that_is_missing_is_refused_with_the_next_step(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(DeviceError, match="'cuda' was asked for, but torch .*use --device cpu"):
        resolve_device("cuda")
