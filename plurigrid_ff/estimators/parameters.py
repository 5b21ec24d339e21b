"""An estimator's parameters, turned into the library's settings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from plurigrid_ff.config import Device, NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError, ParameterError, UnknownNameError


@dataclass(frozen=True, slots=True)
class Parameters:
    """What an estimator was asked for, checked."""

    network: NetworkConfig
    training: TrainingConfig
    device: Device


def parse_parameters(values: Mapping[str, Any], *, where: str) -> Parameters:
    """Sort parameters into the models that say what each may be.

    Args:
        values: What ``get_params`` returns. ``options=None`` stands for no options, and
            ``scaling="auto"`` for ``"standard"``: rows of a table have columns with units.
        where: Name of the estimator, for messages.

    Raises:
        ParameterError: The first parameter that is out of range.
    """
    plain = {name: _plain(value) for name, value in values.items()}
    if plain["options"] is None:
        plain["options"] = {}
    if plain["scaling"] == "auto":
        plain["scaling"] = "standard"

    def chosen(model: type[NetworkConfig | TrainingConfig]) -> dict[str, Any]:
        return {name: plain[name] for name in model.model_fields if name in plain}

    with parameter_errors():
        return Parameters(
            NetworkConfig.parse(chosen(NetworkConfig), where=where),
            TrainingConfig.parse(chosen(TrainingConfig), where=where),
            parse_device(plain["device"], where=where),
        )


def parse_device(value: Any, *, where: str) -> Device:
    """Check a device's name.

    Raises:
        ParameterError: It is none of the three.
    """
    with parameter_errors():
        return RunConfig.parse({"device": value}, where=where).device


def draw_seed(random_state: Any) -> int:
    """Return the seed of a fit: an integer is the seed itself, a generator draws one.

    Raises:
        ValueError: What ``sklearn.utils.check_random_state`` refuses.
    """
    generator = check_random_state(random_state)
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(generator.randint(np.iinfo(np.int32).max))


@contextmanager
def parameter_errors() -> Iterator[None]:
    """Turn a setting that cannot be used into the ValueError that scikit-learn expects."""
    try:
        yield
    except ParameterError:
        raise
    except (ConfigError, UnknownNameError) as error:
        raise ParameterError(str(error)) from error


def _plain(value: Any) -> Any:
    """Turn numpy's numbers and arrays into Python's; grids of parameters are made of them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value
