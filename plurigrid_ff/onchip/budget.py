"""Whether a network fits a device, and what would."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from plurigrid_ff.errors import QuantisationError
from plurigrid_ff.onchip.memory import KIB, memory
from plurigrid_ff.onchip.network import IntegerNetwork
from plurigrid_ff.results import DeviceMemory


def require_budget(
    network: IntegerNetwork, *, learns: bool, ram_kb: int | None, flash_kb: int | None
) -> DeviceMemory:
    """Return what a network takes on the device.

    Args:
        network: The network.
        learns: Whether it learns there.
        ram_kb: KiB of RAM there are, stack included; None: no limit.
        flash_kb: KiB of flash there are; None: no limit.

    Raises:
        QuantisationError: It takes more; how much, what takes it, and which widths would do.
    """

    def fits(found: DeviceMemory) -> bool:
        return (ram_kb is None or found.ram_in_all <= ram_kb * KIB) and (
            flash_kb is None or found.flash <= flash_kb * KIB
        )

    found = memory(network, learns=learns)
    if fits(found):
        return found
    over = []
    if ram_kb is not None and found.ram_in_all > ram_kb * KIB:
        over.append(f"{found.ram_in_all / KIB:.1f} of {ram_kb} KiB of RAM")
    if flash_kb is not None and found.flash > flash_kb * KIB:
        over.append(f"{found.flash / KIB:.1f} of {flash_kb} KiB of flash")
    raise QuantisationError(
        f"the network takes {' and '.join(over)}, {found.weights / KIB:.1f} KiB of it in weights; "
        f"{_remedy(network, fits, learns=learns)}"
    )


def _remedy(network: IntegerNetwork, fits: Callable[[DeviceMemory], bool], *, learns: bool) -> str:
    """Say which widths would fit, and whether leaving out learning would."""
    remedies = []
    widths = _widths_that_fit(network, fits, learns=learns)
    now = [layer.out_features for layer in network.layers]
    if widths:
        share = sum(widths) / sum(now)
        remedies.append(
            f"train with --hidden {','.join(map(str, widths))} ({1 - share:.0%} narrower)"
        )
    if learns and fits(memory(network, learns=False)):
        remedies.append("export without --train")
    if not remedies:
        remedies.append(
            f"no width of its {len(now)} layers fits: use fewer layers or fewer than "
            f"{network.inputs} inputs"
        )
    return ", or ".join(remedies)


def _widths_that_fit(
    network: IntegerNetwork, fits: Callable[[DeviceMemory], bool], *, learns: bool
) -> list[int] | None:
    """Shrink all layers alike until they fit; None where even the narrowest do not."""
    step = network.classes if network.objective == "class-goodness" else 1
    now = [layer.out_features // step for layer in network.layers]
    low, high = 0, max(now)  # of the widest layer, in steps: `low` fits, `high` does not
    found = None
    while high - low > 1:
        middle = (low + high) // 2
        widths = [step * max(1, width * middle // max(now)) for width in now]
        if fits(memory(_of_widths(network, widths), learns=learns)):
            low, found = middle, widths
        else:
            high = middle
    return found


def _of_widths(network: IntegerNetwork, widths: list[int]) -> IntegerNetwork:
    """Return a network of other widths that holds no memory of its own."""
    layers = []
    width = network.inputs + network.label_columns
    for layer, features in zip(network.layers, widths, strict=True):
        rows = len(layer.directions)
        layers.append(
            replace(
                layer,
                weight=np.broadcast_to(np.int8(0), (features, width)),
                bias=np.broadcast_to(np.int32(0), (features,)),
                directions=np.broadcast_to(np.int8(0), (rows, features)),
            )
        )
        width = features
    return replace(network, layers=layers)
