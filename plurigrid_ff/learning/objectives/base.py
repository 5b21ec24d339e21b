"""What a local objective is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from plurigrid_ff.config import Settings

Contrast = Literal["classes", "samples", "pairs"]


class Objective(nn.Module, ABC):
    """Maps a layer's activity to a loss and to the gradient with respect to it.

    That gradient is all a layer needs, so any objective works with any transform. An
    objective is built as ``Objective(features, num_classes, options, key=key)`` and may own
    parameters; they learn from its own loss and from nothing else.

    Attributes:
        name: What a run file calls it.
        contrast: What is told apart. ``classes``: one rail, labels are targets. ``samples``:
            two rails, the first half of the rows are positives, the second half negatives,
            in the same order. ``pairs``: two rails, positives are a sample with itself,
            negatives a sample with another; both halves share the layer's weights.
        Options: Model of the objective's options in a run file.
        rails: Rows per sample, which follows from the contrast.
        reading: Name of the tensor by which goodness is linear in the activity, if there is one.
        feature_axes: Axis over features of each tensor of its own, by name, where goodness does
            not change when features and those axes are permuted together; None: it does, or
            nobody has said.
        owns_groups: Whether each class owns an equal run of features, which a permutation must
            not leave.
        separable: The loss is a mean over samples of what each costs alone, so a batch may be
            taken in parts. Say so only where it is true: it is not of a loss that compares
            samples of a batch with each other.
        reads_low: :meth:`evaluate` takes activities in bfloat16 as well, and returns its loss in
            float32 and its gradient in bfloat16 then; otherwise it is given float32.
    """

    name: ClassVar[str]
    contrast: ClassVar[Contrast]
    Options: ClassVar[type[Settings]]
    rails: ClassVar[int]
    feature_axes: ClassVar[Mapping[str, int] | None] = None
    reading: ClassVar[str | None] = None
    owns_groups: ClassVar[bool] = False
    separable: ClassVar[bool] = False
    reads_low: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Derive the number of rails."""
        super().__init_subclass__(**kwargs)
        if "contrast" in vars(cls):
            cls.rails = 1 if cls.contrast == "classes" else 2

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__()
        self.features = features
        self.num_classes = num_classes

    @classmethod
    def has_closed_form(cls) -> bool:
        """Whether :meth:`evaluate` is the objective's own, and not autograd's."""
        return cls.evaluate is not Objective.evaluate

    @property
    def vanishes(self) -> bool:
        """Whether the gradient of :meth:`evaluate` is 0 wherever the activity is.

        That of a square is. Carrying it through a ReLU changes nothing then.
        """
        return False

    def prepare(self, means: Callable[[], Tensor], *, index: int, depth: int) -> None:
        """Take up, before the first step, what the options leave to the training samples.

        What is kept goes into buffers that ``__init__`` registered: they are saved with the
        network. This default takes nothing.

        Args:
            means: Call it for the mean of every class's samples as the network reads them,
                shape ``(classes, features of a sample)``, float64. It costs a pass over the
                samples, once for all layers.
            index: Place of this layer, from 0.
            depth: Number of layers.
        """

    @abstractmethod
    def goodness(self, h: Tensor) -> Tensor:
        """Score activities: ``(rows, classes)`` with one rail, ``(rows,)`` with two."""

    @abstractmethod
    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Define the scalar loss, differentiable, from autograd's point of view.

        Args:
            h: Activities, shape ``(rails * batch, features)``.
            y: True labels, shape ``(batch,)``, int64.
        """

    def evaluate(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and its gradient at ``h``; set ``grad`` of own parameters.

        This default asks autograd, over ``h`` alone: the graph is one layer's activity
        deep and gone on return. Override it with the closed form where there is one; the
        gradient must be a new tensor, which the layer writes over.
        """
        with torch.enable_grad():
            leaf = h.detach().requires_grad_()
            loss = self.loss(leaf, y)
            parameters = list(self.parameters())
            dh, *own = torch.autograd.grad(loss, [leaf, *parameters])
        for parameter, gradient in zip(parameters, own, strict=True):
            parameter.grad = gradient
        return loss.detach(), dh


@runtime_checkable
class Rectifying(Protocol):
    """An objective that also carries its gradient through the ReLU that activities come from."""

    def rectifies(self, x: Tensor) -> bool:
        """Whether it can do so here, for activities of the device and precision of ``x``."""

    def evaluate_rectified(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Do as :meth:`Objective.evaluate`, through the ReLU.

        Args:
            h: Activities, shape ``(rows, features)``.
            y: True labels, shape ``(rows,)``.

        Returns:
            The loss, its gradient at the ReLU's input in the precision of ``h``, and that one's
            sum over rows, ``(features,)``, float32.
        """
