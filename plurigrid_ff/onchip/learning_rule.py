"""Whether a device would learn by the rule that a network learned by."""

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import QuantisationError


def require_integer_learning(config: NetworkConfig) -> None:
    """Require that nothing of a network's rule is lost on a device.

    Raises:
        QuantisationError: The part of the rule that integers lack.
    """
    if config.locality != 1:
        raise QuantisationError(
            f"network.locality is {config.locality}, and on a device a loss moves its own layer "
            "alone; train with network.locality = 1, or export without --train"
        )
    for index, layer in enumerate(config.layers):
        if layer.peer:
            raise QuantisationError(
                f"layer {index + 1} has peer normalisation {layer.peer:g}, which a device does not "
                "learn by; train without it, or export without --train"
            )
