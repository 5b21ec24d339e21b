"""What the estimators share: one fit through the library's trainer, one way to read samples."""

from copy import deepcopy
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from plurigrid_ff.config import BlockConfig, NetworkConfig
from plurigrid_ff.errors import ParameterError
from plurigrid_ff.estimators.fitting import train_all, train_until
from plurigrid_ff.estimators.parameters import (
    Parameters,
    draw_seed,
    parameter_errors,
    parse_device,
    parse_parameters,
)

if TYPE_CHECKING:
    from torch import Tensor

    from plurigrid_ff.learning.network import FFNetwork


class FFEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Base of the estimators; the parameters belong to the subclasses."""

    sample_shape: Any
    random_state: Any
    device: Any
    network_: "FFNetwork"

    def _parameters(self, **fixed: Any) -> Parameters:
        """Check the parameters; ``fixed`` are settings that this estimator has no say in.

        Raises:
            ParameterError: One is out of range, or names nothing.
        """
        name = type(self).__name__
        parameters = parse_parameters(self.get_params(deep=False) | fixed, where=name)
        if parameters.network.readout_layers == "validated":
            raise ParameterError(
                f"{name}: readout_layers: 'validated' is chosen on validation samples of a run, "
                "and fit has none; give [first, last], or search over several with GridSearchCV"
            )
        with parameter_errors():
            _join_plugins(parameters.network)
        return parameters

    def _learn(
        self,
        parameters: Parameters,
        x: NDArray[np.float32],
        y: NDArray[np.int64],
        num_classes: int,
        held: NDArray[np.bool_] | None = None,
    ) -> None:
        """Train a network as a run does and keep it, on the CPU, with its losses.

        Args:
            parameters: The parameters, checked.
            x: Samples, shape ``(samples, features)``.
            y: Their classes, shape ``(samples,)``.
            num_classes: Number of classes, at least 2.
            held: Samples that are validated on and not learned from, shape ``(samples,)``;
                None: none are.

        Raises:
            ValueError: No feature varies, so that scaled samples are all zeros.
        """
        import torch

        from plurigrid_ff.learning.devices import resolve_device
        from plurigrid_ff.learning.early_stopping import EarlyStopping
        from plurigrid_ff.learning.footprint import require_memory, training_bytes
        from plurigrid_ff.learning.network import FFNetwork
        from plurigrid_ff.learning.trainer import Trainer

        place = resolve_device(parameters.device)
        if parameters.network.scaling == "standard" and (x == x[0]).all():
            raise ValueError(
                f"X must have a feature that varies, got {len(x)} equal samples of shape "
                f"{x.shape[1:]}; with equal samples there is nothing to tell apart"
            )
        config, shape = parameters.network, self._shape_of(x)
        seed = draw_seed(self.random_state)
        with parameter_errors():
            require_memory(training_bytes(config, shape, num_classes), place)
        network = FFNetwork(config, shape, num_classes, seed=seed).to(place)
        # torch.tensor copies: from_numpy warns of arrays that are read-only.
        samples = torch.tensor(x, device=place).reshape(len(x), *shape)
        labels = torch.tensor(y, device=place)
        held = np.zeros(len(y), dtype=np.bool_) if held is None else held
        learned, unseen = (torch.from_numpy(mask).to(place) for mask in (~held, held))
        training = parameters.training
        with parameter_errors():
            trainer = Trainer(network, samples[learned], labels[learned], training, seed=seed)
        self.validation_scores_: list[float] | None = None
        if held.any() and training.patience is not None:
            losses, self.validation_scores_ = train_until(
                trainer, EarlyStopping(training.patience), samples[unseen], labels[unseen]
            )
        else:
            losses = train_all(trainer)
        network.zero_grad(set_to_none=True)
        self.network_ = network.cpu()
        self.seed_ = seed
        self.n_iter_ = trainer.epoch
        self.layer_loss_curves_ = np.array(losses, dtype=np.float64)
        self.loss_curve_ = np.nansum(self.layer_loss_curves_, axis=1).tolist()

    def _shape_of(self, x: NDArray[np.float32]) -> tuple[int, ...]:
        """Return the shape in which layers read a row.

        Raises:
            ParameterError: ``sample_shape`` is none, or holds another number of features.
        """
        if self.sample_shape is None:
            return x.shape[1:]
        try:
            shape = tuple(int(extent) for extent in self.sample_shape)
        except (TypeError, ValueError):
            shape = ()
        if not shape or min(shape) < 1 or prod(shape) != x.shape[1]:
            raise ParameterError(
                f"{type(self).__name__}: sample_shape: expected whole numbers whose product "
                f"is the {x.shape[1]} features of X, got {self.sample_shape!r:.80}"
            )
        return shape

    def _checked(self, X: Any, y: Any = "no_validation", *, reset: bool = True) -> Any:
        """Return samples in float32, and ``y`` where there is one, as scikit-learn wants them.

        Args:
            X: Samples, shape ``(samples, features)``.
            y: Their classes; by default there are none.
            reset: The samples are those of ``fit``, which later ones are compared with.

        Raises:
            ValueError: What ``sklearn.utils.validation.validate_data`` refuses.
        """
        least = 2 if reset else 1
        # What float32 cannot hold becomes infinite, which is refused.
        with np.errstate(over="ignore", invalid="ignore"):
            return validate_data(
                self, X, y, reset=reset, dtype=np.float32, ensure_min_samples=least
            )

    def _read(self, X: Any) -> "tuple[FFNetwork, Tensor]":
        """Return the network and checked samples, both float64, where ``device`` says.

        In float64 a sample's answer does not depend on its batch-mates: in float32 the
        order of a sum, which follows the size of the batch, shows in the seventh digit.

        Raises:
            NotFittedError: Before ``fit``.
            ValueError: Samples of another shape than those of ``fit``, or not finite.
        """
        import torch

        from plurigrid_ff.learning.devices import resolve_device

        check_is_fitted(self)
        x = self._checked(X, reset=False)
        place = resolve_device(parse_device(self.device, where=type(self).__name__))
        network = deepcopy(self.network_).double().to(place)
        samples = torch.tensor(x, dtype=torch.float64, device=place)
        return network, samples.reshape(len(x), *network.feature_shape)


def encode_classes(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the classes, sorted, and the place of each sample's class, ``(samples,)``.

    Args:
        y: Classes as scikit-learn has checked them, shape ``(samples,)``.

    Raises:
        ValueError: Fewer than two classes, or numbers that are no classes.
    """
    check_classification_targets(y)
    names, places = np.unique(y, return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f"y must hold at least two classes, got only {names.tolist()[0]!r}; "
            "with one class there is nothing to tell apart"
        )
    return names, places


def _join_plugins(network: NetworkConfig) -> None:
    """Load the plugins where an objective is none of the library's, or layers are blocks."""
    from plurigrid_ff.learning.objectives import known_objectives

    blocks = any(isinstance(layer, BlockConfig) for layer in network.layers)
    if blocks or network.objective not in known_objectives():
        from plurigrid_ff.host.plugins import load_host
        from plurigrid_ff.run_settings import join_plugins

        join_plugins(load_host())
