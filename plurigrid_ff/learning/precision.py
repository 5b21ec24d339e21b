"""Mixed precision: products of the layers in bfloat16, everything else in float32.

A layer's matrix products and convolutions, forward and of the weight gradient, read operands
rounded to bfloat16 and give float32. Weights, optimizer state, normalisation, goodness and
loss stay float32, so that small updates add up. bfloat16 has float32's range, so no loss has
to be scaled up.

Reference:
    Micikevicius et al. (2018), "Mixed Precision Training", arXiv:1710.03740: float32 master
    weights. Kalamkar et al. (2019), arXiv:1905.12322: why bfloat16 needs no loss scaling.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from plurigrid_ff.config import Precision
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.transforms import Pullback, Transform

_aten = torch.ops.aten
PRODUCTS = frozenset(
    [
        _aten.mm.default,
        _aten.addmm.default,
        _aten.bmm.default,
        _aten.baddbmm.default,
        _aten.convolution.default,
        _aten.convolution_backward.default,
    ]
)

# Of the products above, those that write into memory that is there: how each sums with it.
WRITTEN = {_aten.mm.out: 0, _aten.addmm_.default: 1}


class LowProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, products read bfloat16 and give float32."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in WRITTEN:
            *_, left, right = args
            target = kwargs.get("out", args[0])
            product = torch.mm(_lowered(left), _lowered(right)).float()
            return target.add_(product) if WRITTEN[func] else target.copy_(product)
        if func not in PRODUCTS:
            return func(*args, **kwargs)
        args, kwargs = tree_map_only(Tensor, _lowered, (args, kwargs))
        return tree_map_only(Tensor, Tensor.float, func(*args, **kwargs))


def _lowered(x: Tensor) -> Tensor:
    """Round float32 to bfloat16; leave other types alone."""
    return x.bfloat16() if x.dtype == torch.float32 else x


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
                    "with_pullback": _with_low_pullback(transform.with_pullback),
                }
                for name, method in lowered.items():
                    setattr(transform, name, method)
                    stack.callback(delattr, transform, name)  # the class's own is back
        yield


def _in_low(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call a function with low products."""

    @wraps(function)
    def call(x: Tensor, **options: bool) -> Any:
        with LowProducts():  # type: ignore[no-untyped-call]
            return function(x, **options)

    return call


def _with_low_pullback(
    with_pullback: Callable[[Tensor], tuple[Tensor, Pullback]],
) -> Callable[[Tensor], tuple[Tensor, Pullback]]:
    """Map with low products, and pull with them later."""

    @wraps(with_pullback)
    def call(x: Tensor) -> tuple[Tensor, Pullback]:
        a, pull = _in_low(with_pullback)(x)
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
