"""A classifier by goodness."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from plurigrid_ff.config import DataConfig, OptionValue
from plurigrid_ff.data.splits import hold_out
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.estimators.base import FFEstimator, encode_classes
from plurigrid_ff.estimators.parameters import parameter_errors


class FFClassifier(ClassifierMixin, FFEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A Forward-Forward network that predicts the class of highest goodness.

    Every layer learns from its own goodness, with an optimizer of its own, and nothing flows
    back between layers. The network and its training are those of a run: see
    :class:`~plurigrid_ff.learning.network.FFNetwork` and
    :class:`~plurigrid_ff.learning.trainer.Trainer`.

    Samples are rows of a table, shape ``(samples, features)``. They are read in float32: a
    feature that varies by less than a millionth of its size, a date in seconds say, wants a
    ``StandardScaler`` first. There are no sample weights: a local loss has none. There is no
    ``partial_fit``: the step size falls over the epochs that were asked for, and the input is
    scaled by the training samples, all of them.

    Args:
        hidden: The layers: features of a linear one, or a table, as in a run file.
        objective: Local objective of every layer; ``plurigrid-ff objectives`` lists them.
        options: Options of the objective, by name; None: its defaults.
        negatives: What positives are told from; ``"auto"`` is the objective's own.
        readout: ``"goodness"`` predicts by goodness summed over layers, ``"probe"`` by a
            linear probe of all layers, ``"head"`` by a softmax head on the last one.
            Objectives that read no label need one of the last two.
        readout_layers: Layers whose goodness is summed: ``"all"``, or first and last,
            counted from 1. ``"validated"`` is for runs: ``fit`` does not choose.
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
        patience: Epochs without a better accuracy on held-out samples after which to stop; the
            weights of the best epoch are kept. None: off, and nothing is held out.
        validation_fraction: Share of every class to hold out where there is ``patience``.
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
        classes_: The class labels, sorted, shape ``(classes,)``.
        n_features_in_: Number of features.
        feature_names_in_: Their names, where ``fit`` was given a frame with names.
        network_: The trained network, on the CPU.
        n_iter_: Epochs trained.
        layer_loss_curves_: Mean local loss, shape ``(epochs, layers)``; NaN where a layer did not
            learn.
        loss_curve_: The same summed over layers, one number per epoch.
        validation_scores_: Accuracy on the held-out samples after every epoch; None where none
            are held out.
        seed_: The seed of the fit.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345. The default
        objective: Gong, Li & Abdulla (2025), arXiv:2501.09238.
    """

    def __init__(
        self,
        hidden: Sequence[int | Mapping[str, Any]] = (500, 500),
        *,
        objective: str = "projection",
        options: Mapping[str, OptionValue] | None = None,
        negatives: str = "auto",
        readout: str = "goodness",
        readout_layers: str | Sequence[int] = "all",
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
        patience: int | None = None,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        engine: str = "auto",
        chunk_size: int | None = None,
        workers: int = 1,
        sample_shape: Sequence[int] | None = None,
        random_state: Any = None,
        device: str = "auto",
    ) -> None:
        self.hidden = hidden
        self.objective = objective
        self.options = options
        self.negatives = negatives
        self.readout = readout
        self.readout_layers = readout_layers
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
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.engine = engine
        self.chunk_size = chunk_size
        self.workers = workers
        self.sample_shape = sample_shape
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from samples and their classes.

        Args:
            X: Samples, shape ``(samples, features)``, at least two, finite.
            y: Their classes, shape ``(samples,)``, numbers or strings, at least two.

        Raises:
            ValueError: Samples or classes that cannot be learned from, or a parameter that
                is out of range (a ``ParameterError`` then).
            DeviceError: CUDA was asked for and this torch finds none.
            TrainingError: A layer's loss is not finite, or no unit of it is active any more.
        """
        parameters = self._parameters()
        x, y = self._checked(X, y)
        self.classes_, classes = encode_classes(y)
        held = self._held_out(classes) if self.patience is not None else None
        self._learn(parameters, x, classes, len(self.classes_), held)
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the goodness of every class, summed over layers.

        Args:
            X: Samples, shape ``(samples, features)``.

        Returns:
            Shape ``(samples, classes)``; of two classes shape ``(samples,)``, the goodness
            of ``classes_[1]`` minus that of ``classes_[0]``.

        Raises:
            ValueError: Samples of another shape than those of ``fit``, or not finite.
        """
        goodness = self._goodness(X)
        return goodness[:, 1] - goodness[:, 0] if len(self.classes_) == 2 else goodness

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of highest goodness for each sample, shape ``(samples,)``.

        Args:
            X: Samples, shape ``(samples, features)``.

        Raises:
            ValueError: Samples of another shape than those of ``fit``, or not finite.
        """
        best = self._goodness(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the softmax of the summed goodness, shape ``(samples, classes)``.

        It is not calibrated: rows sum to 1, and that is all that makes them probabilities.
        ``sklearn.calibration.CalibratedClassifierCV`` calibrates.

        Args:
            X: Samples, shape ``(samples, features)``.

        Raises:
            ValueError: Samples of another shape than those of ``fit``, or not finite.
        """
        from scipy.special import softmax

        shares: NDArray[np.float64] = softmax(self._goodness(X), axis=1)
        return shares

    def _held_out(self, classes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the samples to validate on, shape ``(samples,)``.

        Raises:
            ValueError: No class has two samples, so that none can be held out.
        """
        with parameter_errors():
            fraction = DataConfig.parse(
                {"validation_fraction": self.validation_fraction}, where=type(self).__name__
            ).validation_fraction
        held = hold_out(classes, fraction, key=derive_key(0, "data", "validation"))
        if not held.any():
            raise ValueError(
                f"patience={self.patience} needs held-out samples, but each of the "
                f"{len(self.classes_)} classes has only one; set patience=None"
            )
        return held

    def _goodness(self, X: Any) -> NDArray[np.float64]:
        """Score every class, ``(samples, classes)``."""
        from plurigrid_ff.learning.assessment import measure

        total: NDArray[np.float64] = measure(*self._read(X)).total.numpy()
        return total
