"""A transformer to activities."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from plurigrid_ff.config import OptionValue
from plurigrid_ff.errors import ParameterError
from plurigrid_ff.estimators.base import FFEstimator, encode_classes
from plurigrid_ff.estimators.parameters import parameter_errors


class FFTransformer(TransformerMixin, FFEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A Forward-Forward network whose activities are the features of what comes next.

    Objectives that tell classes apart, and negatives with a wrong label, read ``y``;
    ``self-contrastive``, and negatives made from the samples alone, do not, and then ``y`` is
    ignored. Activities are those of samples without a label, so nothing of ``y`` is needed to
    transform. The probe of a ``network_`` that reads no label has learned nothing.

    Samples are rows of a table, shape ``(samples, features)``. They are read in float32: a
    feature that varies by less than a millionth of its size, a date in seconds say, wants a
    ``StandardScaler`` first. There are no sample weights.

    Args:
        hidden: The layers: features of a linear one, or a table, as in a run file.
        layer: Whose activity to return: a place in ``hidden``, from 0 or from the end; None:
            all layers, side by side.
        objective: Local objective of every layer; ``plurigrid-ff objectives`` lists them.
        options: Options of the objective, by name; None: its defaults.
        negatives: What positives are told from; ``"auto"`` is the objective's own.
        scaling: ``"standard"`` brings every feature to mean 0 and variance 1, ``"none"``
            every sample to unit RMS; ``"auto"`` is ``"standard"``.
        locality: How many layers a layer's loss may move: 1, its own, or 2, the one below as well.
        recurrent: Time steps in which layers hear the layer above too, by name, as in
            ``{"steps": 8}``; None: one pass upwards.
        epochs: Passes over the training samples.
        batch_size: Samples per update.
        schedule: ``"simultaneous"`` lets every layer learn in every epoch, ``"greedy"`` one after
            the other, ``"staggered"`` each ``stagger`` epochs after the one below.
        stagger: Epochs between the starts of neighbouring layers.
        optimizer: ``"adam"``, ``"adamw"`` or ``"sgd"``, of all layers, or one per layer.
        learning_rate: Step size at its highest, of all layers, or one per layer.
        weight_decay: Pull of every parameter towards 0.
        momentum: Momentum of ``"sgd"``.
        clip: Largest norm of a layer's gradient; None: any.
        warmup: Epochs in which a layer's step size rises, when it begins to learn.
        decay: How it falls over the epochs in which the layer learns: ``"cosine"``,
            ``"linear"``, ``"step"`` or ``"none"``.
        final_rate: Share of the step size where warm-up begins and decay ends.
        precision: ``"float32"``, or ``"bfloat16"`` for the layers' products in training.
        engine: ``"auto"``, ``"closed-form"`` or ``"autograd"``: where gradients come from.
        chunk_size: Samples whose temporary tensors exist at once; None: by memory.
        workers: Threads that share the layers; what is learned does not depend on it.
        sample_shape: Shape in which layers read each row of X, for convolutions: ``(28, 28)``,
            ``(3, 32, 32)``; None: a row of features.
        random_state: An integer is the seed of network and trainer itself; a
            ``RandomState`` draws one; None takes numpy's global one.
        device: ``"auto"`` takes CUDA where there is one; ``"cpu"`` or ``"cuda"``.

    Attributes:
        n_features_in_: Number of features.
        feature_names_in_: Their names, where ``fit`` was given a frame with names.
        network_: The trained network, on the CPU.
        n_iter_: Epochs trained.
        layer_loss_curves_: Mean local loss, shape ``(epochs, layers)``; NaN where a layer did not
            learn.
        loss_curve_: The same summed over layers, one number per epoch.
        seed_: The seed of the fit.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345. Without labels:
        Chen, Liu, Laydevant & Grollier (2025), arXiv:2409.11593.
    """

    def __init__(
        self,
        hidden: Sequence[int | Mapping[str, Any]] = (500, 500),
        *,
        layer: int | None = None,
        objective: str = "projection",
        options: Mapping[str, OptionValue] | None = None,
        negatives: str = "auto",
        scaling: str = "auto",
        locality: int = 1,
        recurrent: Mapping[str, Any] | None = None,
        epochs: int = 20,
        batch_size: int = 128,
        schedule: str = "simultaneous",
        stagger: int = 1,
        optimizer: str | Sequence[str] = "adam",
        learning_rate: float | Sequence[float] = 2e-3,
        weight_decay: float = 0.0,
        momentum: float = 0.9,
        clip: float | None = None,
        warmup: float = 0.0,
        decay: str = "cosine",
        final_rate: float = 0.01,
        precision: str = "float32",
        engine: str = "auto",
        chunk_size: int | None = None,
        workers: int = 1,
        sample_shape: Sequence[int] | None = None,
        random_state: Any = None,
        device: str = "auto",
    ) -> None:
        self.hidden = hidden
        self.layer = layer
        self.objective = objective
        self.options = options
        self.negatives = negatives
        self.scaling = scaling
        self.locality = locality
        self.recurrent = recurrent
        self.epochs = epochs
        self.batch_size = batch_size
        self.schedule = schedule
        self.stagger = stagger
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.clip = clip
        self.warmup = warmup
        self.decay = decay
        self.final_rate = final_rate
        self.precision = precision
        self.engine = engine
        self.chunk_size = chunk_size
        self.workers = workers
        self.sample_shape = sample_shape
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from samples, and from their classes where the objective reads them.

        Args:
            X: Samples, shape ``(samples, features)``, at least two, finite.
            y: Their classes, shape ``(samples,)``, numbers or strings, at least two; ignored
                where the objective reads none.

        Raises:
            ValueError: Samples or classes that cannot be learned from, classes that are
                missing, or a parameter that is out of range (a ``ParameterError`` then).
            DeviceError: CUDA was asked for and this torch finds none.
            TrainingError: A layer's loss is not finite, or no unit of it is active any more.
        """
        labelled = self._reads_labels()
        parameters = self._parameters(readout="goodness" if labelled else "probe")
        self._chosen(len(parameters.network.hidden))
        if not labelled:
            x = self._checked(X)
            # The trainer wants classes for the probe; the layers never see them.
            self._learn(parameters, x, np.zeros(len(x), dtype=np.int64), 2)
            return self
        if y is None:
            raise ValueError(
                f"FFTransformer requires y to be passed, but the target y is None: objective "
                f"{self.objective!r} reads labels; pass y or set objective='self-contrastive'"
            )
        x, y = self._checked(X, y)
        names, classes = encode_classes(y)
        self._learn(parameters, x, classes, len(names))
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the activities of samples without a label.

        Args:
            X: Samples, shape ``(samples, features)``.

        Returns:
            Shape ``(samples, units)``: the units of all layers side by side, first layer
            first, or those of ``layer``. None is below 0.

        Raises:
            ValueError: Samples of another shape than those of ``fit``, or not finite.
        """
        import torch

        network, x = self._read(X)
        chosen = self._chosen(len(network.stack))
        parts = []
        for part in torch.split(x, network.rows_per_pass):
            layers = network.activities(part)
            activity = torch.cat([layers[index] for index in chosen], dim=1)
            parts.append(activity.float().cpu().numpy())
        return np.concatenate(parts)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Name what :meth:`transform` returns: ``layer0_unit0``, ``layer0_unit1``, ...

        Args:
            input_features: Names of the input features, which are only checked.

        Returns:
            Shape ``(units,)``.

        Raises:
            ValueError: Other input features than those of ``fit``.
        """
        check_is_fitted(self)
        self._check_names(input_features)
        widths = [layer.summary.features for layer in self.network_.stack]
        return np.array(
            [
                f"layer{index}_unit{unit}"
                for index in self._chosen(len(widths))
                for unit in range(widths[index])
            ],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Any:
        """Say whether ``y`` is needed, and that activities are float32."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        try:
            tags.target_tags.required = self._reads_labels()
        except ValueError:  # a parameter that fit will refuse
            tags.target_tags.required = False
        return tags

    def _reads_labels(self) -> bool:
        """Say whether the objective, with these negatives, needs ``y``.

        Raises:
            ParameterError: There is no such objective, or it has no such negatives.
        """
        from plurigrid_ff.learning.negatives import find_negatives

        # With goodness as the read-out, negatives without a label would be refused.
        parameters = self._parameters(readout="probe")
        with parameter_errors():
            kind = find_negatives(parameters.network)
        return kind is None or kind.labelled

    def _chosen(self, num_layers: int) -> Sequence[int]:
        """Return the places of the layers that ``layer`` stands for.

        Raises:
            ParameterError: There is no such layer.
        """
        if self.layer is None:
            return range(num_layers)
        if isinstance(self.layer, Integral) and -num_layers <= self.layer < num_layers:
            return [int(self.layer) % num_layers]
        raise ParameterError(
            f"FFTransformer: layer: expected None or a place in hidden, {-num_layers} to "
            f"{num_layers - 1}, got {self.layer!r}"
        )

    def _check_names(self, input_features: Any) -> None:
        """Refuse names of input features that ``fit`` did not see.

        Raises:
            ValueError: Other names, or another number of them.
        """
        if input_features is None:
            return
        names = np.asarray(input_features, dtype=object)
        known = getattr(self, "feature_names_in_", None)
        if known is not None and not np.array_equal(known, names):
            raise ValueError("input_features is not equal to feature_names_in_")
        if len(names) != self.n_features_in_:
            raise ValueError(
                "input_features should have length equal to number of features "
                f"({self.n_features_in_}), got {len(names)}"
            )
