"""A module of your own as a transform: autograd inside it, nothing beyond it."""

from collections.abc import Callable
from weakref import WeakSet

import torch
from torch import Tensor, nn

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import BlockError, ConfigError, in_short
from plurigrid_ff.learning.draws import drawing_by
from plurigrid_ff.learning.rounding import in_full
from plurigrid_ff.learning.transforms.base import Pullback, Transform
from plurigrid_ff.learning.transforms.trial import Call, require_usable

_CPU = torch.device("cpu")
_in_use: WeakSet[nn.Module] = WeakSet()


class Block(Transform):
    """Any module, learned under autograd from a detached input.

    The graph is as deep as the block, and gone once the pullback has run or is dropped. The
    module learns in training mode and answers in evaluation mode, whatever ``train()`` and
    ``eval()`` were called on: batch statistics, dropout and the like belong to learning. What it
    draws from torch's generators is a function of the key and of the steps it has taken.

    Args:
        in_shape: Shape of one sample of the input.
        factory: Returns a new module that maps ``(rows, *in_shape)`` to ``(rows, *out_shape)``.
        key: Derived from (seed, role, layer); the initial weights are a function of it.
        where: Place of the settings and the block's name, for errors.

    Attributes:
        module: The module, with the parameters and buffers that it has.
        steps: How often it has learned.

    Raises:
        ConfigError: The factory fails, or the module cannot be a layer.
    """

    kind = "block"
    affine = False
    closed_form = False
    rowwise = False  # batch statistics

    def __init__(
        self,
        in_shape: tuple[int, ...],
        factory: Callable[[tuple[int, ...]], nn.Module],
        *,
        key: int,
        where: str,
    ) -> None:
        super().__init__()
        self.in_shape = tuple(in_shape)
        self.fan_in = self.in_features
        self.where = where
        self.steps = 0
        self._key = derive_key(key, "draws")
        # Made for real where the rest of a network is only planned, on "meta": a file does not
        # hold all that a module is made of, and not every module can be made without numbers.
        with _CPU, drawing_by(derive_key(key, "weight"), _CPU):
            self.module = _made(factory, self.in_shape, where)
            self.out_shape = require_usable(self.module, self.in_shape, where)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, *in_shape)`` to ``(rows, *out_shape)``, in evaluation mode."""
        self.module.eval()
        return self._call(self.module, x)

    def traced(self, x: Tensor) -> Tensor:
        """Map as :meth:`with_pullback` last did; the module's buffers stay as they are."""
        buffers = {name: buffer.clone() for name, buffer in self.module.named_buffers()}

        def call(x: Tensor) -> Tensor:
            mapped: Tensor = torch.func.functional_call(self.module, buffers, (x,))
            return mapped

        return self._learning(call, x)

    def learning(self, x: Tensor) -> Tensor:
        """Map ``x`` in training mode, with the draws of a new step."""
        self.steps += 1
        return self._learning(self.module, x)

    def end_to_end(self, x: Tensor) -> Tensor:
        """Map ``x`` in the module's own mode, with torch's draws and a graph."""
        return self._call(self.module, x)

    def with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map ``x`` under autograd; the pullback asks for the block's own gradients only."""
        own = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        with torch.enable_grad():
            a = self.learning(x)

        def pull(da: Tensor, *, add: bool = False) -> None:
            assert not add, "a block reads whole batches"  # noqa: S101
            # A module may leave parameters out, or all of them, as stochastic depth does.
            gradients: tuple[Tensor | None, ...] = (None,) * len(own)
            if a.requires_grad:
                gradients = torch.autograd.grad(a, own, da, allow_unused=True)
            for parameter, gradient in zip(own, gradients, strict=True):
                parameter.grad = gradient

        # A copy: the layer works in place, and the graph may hold what the module returned.
        return a.detach().clone(), pull

    def get_extra_state(self) -> Tensor:
        """Return what a checkpoint needs beside parameters and buffers: the steps."""
        return torch.tensor(self.steps)

    def set_extra_state(self, state: Tensor) -> None:
        """Take up the steps."""
        self.steps = int(state)

    def _learning(self, call: Call, x: Tensor) -> Tensor:
        """Call in training mode, with the draws of the current step."""
        self.module.train()
        with drawing_by(derive_key(self._key, self.steps), x.device):
            return self._call(call, x)

    def _call(self, call: Call, x: Tensor) -> Tensor:
        """Call on a copy, laid out plainly: a module may work in place, or view its input.

        It reads the precision of its own numbers, whatever the layer below has passed on.

        Raises:
            BlockError: It raises, or returns another shape than it did when it was tried out.
        """
        try:
            a = call(in_full(x).clone(memory_format=torch.contiguous_format))
        # Foreign code enters here: whatever it raises becomes one sentence.
        except Exception as error:
            raise BlockError(
                f"{self.where} fails on a batch of {len(x)} rows: {in_short(error)}; repair the "
                "block, or change training.batch_size if only some batches are too small or large"
            ) from error
        if a.shape != (len(x), *self.out_shape):
            raise BlockError(
                f"{self.where} must return shape {(len(x), *self.out_shape)}, got "
                f"{tuple(a.shape)}; the shape of a sample has to be the same in every batch"
            )
        return a


def _made(
    factory: Callable[[tuple[int, ...]], nn.Module], in_shape: tuple[int, ...], where: str
) -> nn.Module:
    """Call a factory; return its module, which no other layer may have.

    Raises:
        ConfigError: It fails, or returns something else.
    """
    try:
        module = factory(in_shape)
    # Foreign code enters here: whatever it raises becomes one sentence.
    except Exception as error:
        raise ConfigError(
            f"{where} cannot be made for samples of shape {in_shape}: {in_short(error)}; repair "
            "its factory, or change what the layer reads"
        ) from error
    if not isinstance(module, nn.Module):
        raise ConfigError(
            f"{where}: its factory must return an nn.Module, got {module!r:.80}; return a new "
            "module at every call"
        )
    if any(part in _in_use for part in module.modules()):
        raise ConfigError(
            f"{where}: its factory returned a module that a layer has already, got "
            f"{type(module).__name__}; make a new one at every call, so that no layer learns "
            "another's weights"
        )
    _in_use.update(module.modules())
    return module
