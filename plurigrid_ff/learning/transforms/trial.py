"""A block tried out before any work: can this module be a layer?"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from plurigrid_ff.errors import ConfigError, in_short

Call = Callable[[Tensor], Tensor]
ROWS = 3
TOLERANCE = 1e-3  # of the largest output: batches of other sizes round differently


def require_usable(module: nn.Module, in_shape: tuple[int, ...], where: str) -> tuple[int, ...]:
    """Run a module on zeros and on draws, in both modes; its buffers stay as they are.

    It is left in evaluation mode.

    Args:
        module: What would map ``(rows, *in_shape)``, on the CPU.
        in_shape: Shape of one sample.
        where: Place of the settings and the block's name, for errors.

    Returns:
        Shape of one sample of its output.

    Raises:
        ConfigError: What it cannot do, and what a layer's module must.
    """
    x = torch.randn(ROWS, *in_shape)
    x[0] = 0  # what a layer reads of a sample on which the layer before it is silent
    module.eval()
    a = _answer(module, x, where)
    _require_alone(module, x, a, where)
    _require_learnable(module, a, where)
    module.train()
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    learning = _answer(lambda x: torch.func.functional_call(module, buffers, (x,)), x, where)
    module.eval()
    if learning.shape != a.shape:
        raise ConfigError(
            f"{where} must return the same shape in both modes, got {tuple(a.shape)} in "
            f"evaluation and {tuple(learning.shape)} in training"
        )
    return tuple(a.shape[1:])


def _answer(call: Callable[[Tensor], Any], x: Tensor, where: str) -> Tensor:
    """Return the output, which must be what a layer can go on with."""
    shapes = "(rows, features), (rows, channels, length) or (rows, channels, height, width)"
    try:
        with torch.enable_grad():
            a = call(x.clone())
    # Foreign code enters here: whatever it raises becomes one sentence.
    except Exception as error:
        raise ConfigError(
            f"{where} fails on samples of shape {tuple(x.shape[1:])}: {in_short(error)}; repair "
            "the block, or say how it reads samples with dimensions = 0, 1 or 2"
        ) from error
    if not isinstance(a, Tensor) or a.dtype != torch.float32:
        got = a.dtype if isinstance(a, Tensor) else type(a).__name__
        raise ConfigError(f"{where} must return one float32 tensor, got {got}")
    if not 2 <= a.ndim <= 4 or not a[0].numel():
        raise ConfigError(f"{where} must return shape {shapes}, got {tuple(a.shape)}")
    if len(a) != len(x):
        raise ConfigError(
            f"{where} must return one output per row, got {tuple(a.shape)} for {len(x)} rows of "
            f"shape {tuple(x.shape[1:])}"
        )
    if not a.isfinite().all():
        raise ConfigError(
            f"{where} must return finite numbers, got nan or infinity for samples of zeros and of "
            "normal draws; guard its divisions"
        )
    return a


def _require_alone(module: nn.Module, x: Tensor, a: Tensor, where: str) -> None:
    """Refuse a module that answers otherwise in other company."""
    alone = _answer(module, x[-1:], where)
    if (alone - a[-1:]).abs().max() > TOLERANCE * a.abs().max():
        raise ConfigError(
            f"{where} must map every sample for itself in evaluation mode, got an output that "
            "changes with the other rows of the batch, or by chance; an attention layer needs "
            "batch_first=True, and dropout must heed self.training"
        )


def _require_learnable(module: nn.Module, a: Tensor, where: str) -> None:
    """Refuse a module in which nothing can learn, or whose state no file can hold."""
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise ConfigError(f"{where} must have a parameter to learn, got none that requires grad")
    if not a.requires_grad:
        raise ConfigError(
            f"{where} must depend on its parameters, got an output without a graph; call no "
            "detach() and no torch.no_grad() in its forward"
        )
    for name, value in module.state_dict().items():
        if not isinstance(value, Tensor):
            raise ConfigError(
                f"{where} must keep its state in parameters and buffers, got {name!r}, a "
                f"{type(value).__name__}"
            )
