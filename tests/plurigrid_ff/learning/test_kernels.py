"""Where kernels are used. What they compute, test_gpu.py says, where there is a GPU."""

import warnings

import pytest
import torch

from plurigrid_ff.learning.kernels import projection, softmax, steps, usable

GPU = torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def _modern(monkeypatch):
    """Pretends that there is a GPU; what lies there lies on the CPU."""
    real = torch.zeros, torch.ones
    for name, make in zip(("zeros", "ones"), real, strict=True):
        monkeypatch.setattr(
            usable.torch, name, lambda *a, make=make, **k: make(*a, **(k | {"device": "cpu"}))
        )
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    usable._works.cache_clear()
    yield
    usable._works.cache_clear()


def test_nothing_on_a_cpu_is_for_kernels():
    x = torch.zeros(3, 4)

    assert not usable.usable(x)
    assert not softmax.suits(x)
    assert not projection.suits(x, 3)
    assert not steps.suits([x])


def test_a_device_is_tried_once(monkeypatch):
    tried = []
    monkeypatch.setattr(usable, "mark_active", lambda h, flag: (tried.append(h), flag.fill_(True)))

    assert usable._works(GPU)
    assert usable._works(GPU)
    assert len(tried) == 1


def test_a_kernel_that_cannot_be_compiled_is_not_used_and_one_is_told(monkeypatch):
    def fail(h, flag):
        raise RuntimeError("Failed to find C compiler.\nPlease specify via CC")

    monkeypatch.setattr(usable, "mark_active", fail)

    with pytest.warns(RuntimeWarning, match="cuda:0 .* RuntimeError: Failed to find C compiler.$"):
        assert not usable._works(GPU)


def test_a_kernel_that_does_nothing_is_not_used(monkeypatch):
    monkeypatch.setattr(usable, "mark_active", lambda h, flag: None)

    assert not usable._works(GPU)


def test_an_old_gpu_is_not_tried(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not usable._works(GPU)
