"""Steps of optimizers, one pass over a parameter.

torch's own kernels give a block 65,536 numbers, so that the parameters of a layer keep a handful
of multiprocessors busy and the others idle; here a block has 1,024.
"""

from collections.abc import Sequence
from math import log

import torch
from torch import Tensor

from plurigrid_ff.learning.kernels import THERE
from plurigrid_ff.learning.kernels.usable import usable

_NUMBERS = 1024  # of a block
# More are told of one by one than a host is fast enough for.
_MOST_TENSORS = 4


def suits(parameters: Sequence[Tensor]) -> bool:
    """Whether the functions here step these parameters, all of them."""
    few = len(parameters) <= _MOST_TENSORS
    plain = all(p.dtype == torch.float32 and p.is_contiguous() for p in parameters)
    return few and plain and all(usable(p) for p in parameters)


def adam_step(
    parameter: Tensor,
    gradient: Tensor,
    state: dict[str, Tensor],
    rate: Tensor,
    *,
    betas: tuple[float, float],
    epsilon: float,
    decay: float,
    decoupled: bool,
) -> None:
    """Take a step of Adam, or of AdamW where the decay is decoupled; all contiguous, float32.

    Args:
        parameter: Is moved.
        gradient: In its shape.
        state: ``exp_avg`` and ``exp_avg_sq`` in its shape, which change, and ``step``, how many
            steps this one makes, a float32 scalar.
        rate: Step size, a float32 scalar.
        betas: How much is kept of the two means.
        epsilon: Added to the root of the mean square.
        decay: Pull towards 0.
        decoupled: The pull passes by the means.

    Reference:
        Kingma & Ba (2015), "Adam", arXiv:1412.6980; Loshchilov & Hutter (2019), "Decoupled
        Weight Decay Regularization", arXiv:1711.05101.
    """
    numbers = parameter.numel()
    _adam[(triton.cdiv(numbers, _NUMBERS),)](
        parameter,
        gradient,
        state["exp_avg"],
        state["exp_avg_sq"],
        state["step"],
        rate,
        numbers,
        *(1 - beta for beta in betas),
        *(log(beta) for beta in betas),
        epsilon,
        decay,
        DECOUPLED=decoupled,
        NUMBERS=_NUMBERS,
    )


def sgd_step(
    parameter: Tensor,
    gradient: Tensor,
    velocity: Tensor | None,
    rate: Tensor,
    *,
    momentum: float,
    decay: float,
) -> None:
    """Take a step of gradient descent; all contiguous, float32.

    Args:
        parameter: Is moved.
        gradient: In its shape.
        velocity: In its shape, and changes; None: there is no momentum.
        rate: Step size, a float32 scalar.
        momentum: How much is kept of the velocity.
        decay: Pull towards 0.
    """
    numbers = parameter.numel()
    _sgd[(triton.cdiv(numbers, _NUMBERS),)](
        parameter,
        gradient,
        parameter if velocity is None else velocity,
        rate,
        numbers,
        momentum,
        decay,
        MOMENTUM=velocity is not None,
        NUMBERS=_NUMBERS,
    )


if THERE:
    import triton
    import triton.language as tl

    @triton.jit  # type: ignore[untyped-decorator]
    def _adam(  # type: ignore[no-untyped-def]
        parameter,
        gradient,
        mean,
        square,
        step,
        rate,
        numbers,
        rest_1,
        rest_2,
        log_1,
        log_2,
        epsilon,
        decay,
        DECOUPLED: tl.constexpr,
        NUMBERS: tl.constexpr,
    ):
        """Do it for a block of numbers."""
        place = tl.program_id(0).to(tl.int64) * NUMBERS + tl.arange(0, NUMBERS)
        inside = place < numbers
        p = tl.load(parameter + place, mask=inside)
        g = tl.load(gradient + place, mask=inside)
        m = tl.load(mean + place, mask=inside)
        v = tl.load(square + place, mask=inside)
        size = tl.load(rate)
        if DECOUPLED:
            p -= size * decay * p
        else:
            g += decay * p
        m += rest_1 * (g - m)
        v += rest_2 * (g * g - v)
        # In float64: 1 - beta^n loses half of its digits in float32 when n is small.
        count = tl.load(step).to(tl.float64)
        bias_1 = (1.0 - tl.exp(count * log_1)).to(tl.float32)
        bias_2 = (1.0 - tl.exp(count * log_2)).to(tl.float32)
        p -= size / bias_1 * m / (tl.sqrt(v / bias_2) + epsilon)
        tl.store(parameter + place, p, mask=inside)
        tl.store(mean + place, m, mask=inside)
        tl.store(square + place, v, mask=inside)

    @triton.jit  # type: ignore[untyped-decorator]
    def _sgd(  # type: ignore[no-untyped-def]
        parameter,
        gradient,
        velocity,
        rate,
        numbers,
        momentum,
        decay,
        MOMENTUM: tl.constexpr,
        NUMBERS: tl.constexpr,
    ):
        """Do it for a block of numbers."""
        place = tl.program_id(0).to(tl.int64) * NUMBERS + tl.arange(0, NUMBERS)
        inside = place < numbers
        p = tl.load(parameter + place, mask=inside)
        g = tl.load(gradient + place, mask=inside) + decay * p
        if MOMENTUM:
            g += momentum * tl.load(velocity + place, mask=inside)
            tl.store(velocity + place, g, mask=inside)
        tl.store(parameter + place, p - tl.load(rate) * g, mask=inside)
