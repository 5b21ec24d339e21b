"""Where a layer's gradient comes from, and in what memory."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.beside import Beside
from plurigrid_ff.learning.chunks import answer_in_chunks, chunk_samples, learn_in_chunks
from plurigrid_ff.learning.labelled import Reading, as_rows
from plurigrid_ff.learning.layers import FFLayer


class Engine:
    """Takes the step of one layer at a time: by its closed form, or by autograd over it.

    The closed form goes through a batch in parts, and all layers write their gradients into one
    workspace, as large as the largest of them. Autograd, over one layer and the whole batch, is
    the oracle of the closed form, and its rival.

    Args:
        layers: The layers, first layer first.
        training: Which engine, and how large a part is.
        places: Those that learn by this engine; None: all. Parts are as large as for all of
            them, so that it makes no difference to what is learned.

    Raises:
        ConfigError: A closed form is asked for and a layer or its objective has none; or autograd
            in a precision that it does not multiply in.
    """

    def __init__(
        self, layers: Sequence[FFLayer], training: TrainingConfig, places: range | None = None
    ) -> None:
        require_engine(layers, training)
        self.by_autograd = training.engine == "autograd"
        self.chunk = chunk_samples(layers, training.chunk_size)
        self._workspaces: dict[int, Tensor] = {}
        self._lent: dict[tuple[FFLayer, int], list[Tensor]] = {}
        own = range(len(layers)) if places is None else places
        self._needed = max(_numbers(layers[place].transform) for place in own)

    def learn(
        self,
        layer: FFLayer,
        x: Reading,
        y: Tensor,
        *,
        overwrite: bool = False,
        beside: Beside | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Set the gradient of a layer's own parameters; return its activity and its loss.

        Args:
            layer: What learns.
            x: Its input.
            y: True labels, shape ``(batch,)``.
            overwrite: ``x`` is needed no longer, so the activity may take its place.
            beside: Where the layer will step, if the next one does not wait for it.
        """
        if self.by_autograd:
            return learn_by_autograd(layer, x, y)
        self.lend(layer, beside)
        return learn_in_chunks(layer, x, y, size=self.chunk, overwrite=overwrite)

    def answer(self, layer: FFLayer, x: Reading, *, overwrite: bool = False) -> Tensor:
        """Return the activity of a layer that does not learn."""
        return answer_in_chunks(layer, x, size=self.chunk, overwrite=overwrite)

    def lend(self, layer: FFLayer, beside: Beside | None = None) -> None:
        """Let a layer write its gradient into the workspace; whoever steps it takes it back.

        What autograd finds within a block lies in memory of its own.
        """
        if not layer.transform.closed_form:
            return
        number = beside.workspace() if beside is not None else 0
        parameters = list(layer.transform.parameters())
        parts = self._lent.get((layer, number))
        if parts is None or parts[0].dtype != parameters[0].dtype:
            parts = self._lent[layer, number] = self._parts(parameters, number)
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part

    def _parts(self, parameters: Sequence[nn.Parameter], number: int) -> list[Tensor]:
        """Return what of a workspace a layer writes into, one tensor per parameter."""
        first = parameters[0]
        workspace = self._workspaces.get(number)
        if workspace is None or workspace.dtype != first.dtype:
            workspace = self._workspaces[number] = first.new_empty(self._needed)
        sizes = [parameter.numel() for parameter in parameters]
        split = torch.split(workspace[: sum(sizes)], sizes)
        return [
            part.as_strided(parameter.shape, parameter.stride(), part.storage_offset())
            for part, parameter in zip(split, parameters, strict=True)
        ]


def require_engine(layers: Sequence[FFLayer], training: TrainingConfig) -> None:
    """Refuse an engine that a layer does not have.

    Raises:
        ConfigError: Which layer, and why.
    """
    if training.engine == "autograd" and training.precision != "float32":
        raise ConfigError(
            f"training.engine: 'autograd' multiplies in float32 on its way back, got "
            f"training.precision = {training.precision!r}; use engine = 'auto'"
        )
    if training.engine != "closed-form":
        return
    for number, layer in enumerate(layers, start=1):
        objective, kind = layer.objective, layer.transform.kind
        lacking = None
        if not layer.transform.closed_form:
            lacking = f"layer {number} is a {kind!r}, which learns by autograd inside"
        elif not objective.has_closed_form():
            lacking = f"the objective {objective.name!r} of layer {number} ({kind}) has none"
        if lacking is not None:
            raise ConfigError(
                f"training.engine: 'closed-form' was asked for of every layer, but {lacking}; use "
                "engine = 'auto', which takes closed forms where they are"
            )


def learn_by_autograd(layer: FFLayer, x: Reading, y: Tensor) -> tuple[Tensor, Tensor]:
    """Set the gradient of a layer's own parameters by autograd over that layer.

    Args:
        layer: What learns.
        x: Its input, shape ``(rails * batch, *shape)``; labels apart are written in.
        y: True labels, shape ``(batch,)``.

    Returns:
        The layer's activity, detached, and its loss.
    """
    parameters = [parameter for parameter in layer.parameters() if parameter.requires_grad]
    with torch.enable_grad():
        trace = layer.trace(as_rows(x))
        loss = layer.objective.loss(layer.summary(trace.judged), y)
        told = loss
        if layer.peers is not None:
            pull = layer.peers.pull(trace.judged.detach(), len(y))
            told = loss + (trace.pre[: len(y)] * pull).sum()
        gradients = torch.autograd.grad(told, parameters, allow_unused=True)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    return trace.h.detach(), loss.detach()


def _numbers(module: nn.Module) -> int:
    """Count a module's parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
