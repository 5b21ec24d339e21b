"""Mixed precision: products of the layers in bfloat16, everything that adds up in float32.

A layer's matrix products and convolutions, forward and of the weight gradient, read operands
rounded to bfloat16. Weights, optimizer state, goodness and loss stay float32, so that small
updates add up. bfloat16 has float32's range, so no loss has to be scaled up.

On a GPU activities are bfloat16 as well, since moving them takes longer than multiplying them;
what is computed between two products is computed in float32 and rounded. A CPU is slower at
that, and keeps them in float32.

Reference:
    Micikevicius et al. (2018), "Mixed Precision Training", arXiv:1710.03740: float32 master
    weights. Kalamkar et al. (2019), arXiv:1905.12322: why bfloat16 needs no loss scaling.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from plurigrid_ff.config import Precision
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.labelled import LabelledRails, Reading
from plurigrid_ff.learning.rounding import low_activities, rounded
from plurigrid_ff.learning.transforms import Pullback, Transform

_aten = torch.ops.aten
PRODUCTS = frozenset(
    [
        _aten.mm.default,
        _aten.addmm.default,
        _aten._addmm_activation.default,
        _aten.bmm.default,
        _aten.baddbmm.default,
        _aten.convolution.default,
        _aten.convolution_backward.default,
    ]
)

# Of the products above, those that write into memory that is there: how each sums with it.
WRITTEN = {_aten.mm.out: False, _aten.addmm_.default: True}

Lowered = TypeVar("Lowered", Tensor, Reading)


class LowProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, products read bfloat16 and give float32, or bfloat16 if they were given.

    A product that is written where something is, as a gradient, is what lies there.
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in WRITTEN:
            *_, left, right = args
            return _write(kwargs.get("out", args[0]), left, right, add=WRITTEN[func])
        if func not in PRODUCTS:
            return func(*args, **kwargs)
        low = any(isinstance(arg, Tensor) and arg.dtype == torch.bfloat16 for arg in args)
        args, kwargs = tree_map_only(Tensor, rounded, (args, kwargs))
        found = func(*args, **kwargs)
        return found if low else tree_map_only(Tensor, Tensor.float, found)


def _write(target: Tensor, left: Tensor, right: Tensor, *, add: bool) -> Tensor:
    """Write a product of rounded operands, or add it to what is there."""
    left, right = rounded(left), rounded(right)
    if target.is_cuda:  # summed in float32, and not rounded
        if add:
            return torch.addmm(target, left, right, out_dtype=target.dtype, out=target)
        return torch.mm(left, right, out_dtype=target.dtype, out=target)
    product = torch.mm(left, right).to(target.dtype)
    return target.add_(product) if add else target.copy_(product)


def activity_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Return what the numbers of activities between layers are."""
    low = precision == "bfloat16" and low_activities(device)
    return torch.bfloat16 if low else torch.float32


def lowered(x: Lowered, precision: Precision) -> Lowered:
    """Return what a layer is given in the precision in which it reads it.

    Args:
        x: Activities, or samples and labels apart.
        precision: ``training.precision``.
    """
    if precision == "float32":
        return x
    if isinstance(x, LabelledRails):
        return replace(x, samples=lowered(x.samples, precision))
    return rounded(x) if low_activities(x.device) else x


@contextmanager
def products_of(transforms: Iterable[Transform], precision: Precision) -> Iterator[None]:
    """Let the transforms of layers compute their products in a precision, for a while.

    Args:
        transforms: Those of the layers.
        precision: ``float32`` changes nothing.
    """
    with ExitStack() as stack:
        if precision == "bfloat16":
            for transform in transforms:
                lowered = {
                    "forward": _in_low(transform.forward),
                    "traced": _in_low(transform.traced),
                    "leading": _in_low(transform.leading),
                    "with_pullback": _with_low_pullback(transform.with_pullback),
                    "leading_with_pullback": _with_low_pullback(transform.leading_with_pullback),
                }
                for name, method in lowered.items():
                    setattr(transform, name, method)
                    stack.callback(delattr, transform, name)  # the class's own is back
        yield


def _in_low(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call a function with low products."""

    @wraps(function)
    def call(x: Tensor, **options: Any) -> Any:
        with LowProducts():  # type: ignore[no-untyped-call]
            return function(x, **options)

    return call


def _with_low_pullback(
    with_pullback: Callable[..., tuple[Tensor, Pullback]],
) -> Callable[..., tuple[Tensor, Pullback]]:
    """Map with low products, and pull with them later."""

    @wraps(with_pullback)
    def call(x: Tensor, **options: bool) -> tuple[Tensor, Pullback]:
        a, pull = _in_low(with_pullback)(x, **options)
        return a, _in_low(pull)

    return call


def require_precision(precision: Precision, device: torch.device) -> None:
    """Refuse a precision in which the device cannot multiply.

    Raises:
        ConfigError: The device has no bfloat16.
    """
    if precision == "float32":
        return
    if device.type == "cuda":
        there = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        there = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    if not there:
        raise ConfigError(
            f"training.precision: {precision!r} needs a device that multiplies in bfloat16, and "
            f"this {device.type} does not; use 'float32'"
        )
