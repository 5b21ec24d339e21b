"""What a network takes on the device, known before anything is compiled."""

from dataclasses import dataclass

from plurigrid_ff.onchip.network import IntegerNetwork
from plurigrid_ff.results import DeviceMemory

KIB = 1024
SIZES = {"int32_t": 4, "uint32_t": 4, "int16_t": 2, "uint16_t": 2, "int8_t": 1, "uint8_t": 1}
# Upper bounds for arm-none-eabi-gcc -Os. The most that GCC 12 made of random networks for
# Cortex-M0, -M3 and -M4: 2986 bytes of code, 860 without learning, on the M0 396 more from libgcc;
# 36 bytes of a layer; 236 bytes of stack.
LEARNING_CODE_BYTES = 3840
PREDICTING_CODE_BYTES = 1536
LAYER_BYTES = 36  # a layer's entry in the table of layers
STACK_BYTES = 320
BLOCK = 32  # units that a loop of the C code takes together
VARIABLES_PADDING = 64  # what a compiler may leave between variables to align them


@dataclass(frozen=True, slots=True)
class Field:
    """One variable of the C code."""

    type: str
    name: str
    count: int | None = None

    @property
    def bytes(self) -> int:
        """Its size."""
        return SIZES[self.type] * (1 if self.count is None else self.count)

    @property
    def declaration(self) -> str:
        """Its declaration in C."""
        return f"{self.type} ram_{self.name}" + ("" if self.count is None else f"[{self.count}]")


def ram_fields(network: IntegerNetwork, *, learns: bool) -> list[Field]:
    """List what changes, largest alignment first, so that there is little padding."""
    layers = network.layers
    threshold = network.objective == "threshold"
    projection = network.objective == "projection"
    widest = max(layer.out_features for layer in layers)
    if widest >= BLOCK:
        # Compilers warn of a loop over a block, dead or not, that a buffer could end within.
        widest = max(widest, 2 * BLOCK)
    later = [layer.in_features for layer in layers[1:]]
    fields = [Field("int32_t", "total", network.classes)]
    if threshold:
        fields.append(Field("int32_t", "features", layers[0].out_features))
    else:
        fields.append(Field("int32_t", "scores", network.classes))
    if later or not threshold:
        fields.append(Field("int32_t", "sum", widest))
    if learns:
        fields.append(Field("uint32_t", "steps"))
        fields += [Field("int32_t", f"bias_{i}", la.bias.size) for i, la in enumerate(layers)]
        fields.append(Field("uint16_t", "listed", widest))
        fields.append(Field("int16_t", "step", widest))
    if learns and threshold:
        fields.append(Field("int16_t", "negative_step", widest))
    if learns:
        fields += [Field("int8_t", f"weight_{i}", la.weight.size) for i, la in enumerate(layers)]
    if learns and projection:
        sizes = [layer.directions.size for layer in layers]
        fields += [Field("int8_t", f"directions_{i}", size) for i, size in enumerate(sizes)]
    fields += [
        Field("int8_t", "input", max([network.inputs, *later])),
        Field("int8_t", "hidden", widest),
    ]
    if learns and threshold:
        fields.append(Field("int8_t", "negative_hidden", widest))
    if learns and threshold and later:
        fields.append(Field("int8_t", "negative_input", max(later)))
    if learns:
        fields += [
            Field("uint8_t", "offset", widest),
            Field("uint8_t", "halvings"),
            Field("uint8_t", "started"),
        ]
    return fields


def memory(network: IntegerNetwork, *, learns: bool) -> DeviceMemory:
    """Count a network's bytes on the device.

    Args:
        network: The network.
        learns: Whether it learns there, which keeps the weights in RAM as well.
    """
    weights = sum(
        layer.weight.size + 4 * layer.bias.size + layer.directions.size for layer in network.layers
    )
    exponential = 2 * 256 if learns else 0
    ram = sum(field.bytes for field in ram_fields(network, learns=learns))
    return DeviceMemory(
        weights=weights,
        tables=weights + exponential + LAYER_BYTES * len(network.layers),
        code=LEARNING_CODE_BYTES if learns else PREDICTING_CODE_BYTES,
        ram=padded(ram, 4),
        stack=STACK_BYTES,
    )


def padded(count: int, to: int) -> int:
    """Round up to a multiple."""
    return -(-count // to) * to
