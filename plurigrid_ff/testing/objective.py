"""``check_objective``: what the library relies on in every local objective."""

import inspect
import re
from collections.abc import Callable
from typing import Any, get_args

import torch
from torch import Tensor

from plurigrid_ff.config import SKILL_NAME, OptionValue
from plurigrid_ff.learning.objectives import Objective, find_objective
from plurigrid_ff.learning.objectives.base import Contrast
from plurigrid_ff.testing.objective_claims import TOLERANCE, check_separable, check_vanishing
from plurigrid_ff.testing.objective_samples import BATCH, CLASSES, build, sample
from plurigrid_ff.testing.requirement import failure, require
from plurigrid_ff.testing.settings import check_settings

SEEDS = range(4)
EXTREMES = (0.0, 1e-20, 1e4)


def check_objective(
    kind: str | type[Objective], options: dict[str, OptionValue] | None = None
) -> None:
    """Check an objective: its class, its options, its gradient and that it is local.

    Call it from a test of your own: ``check_objective(MyObjective)``.

    Args:
        kind: The class, or the name of an objective that is known here.
        options: Options to check it under; the defaults if there are none.

    Raises:
        AssertionError: Where it breaks the contract, and what to do.
    """
    kind = find_objective(kind) if isinstance(kind, str) else kind
    check_class(kind)
    check_settings(kind.Options, f"options of {kind.name!r}")
    check_paper(kind)
    with torch.random.fork_rng(devices=[]):
        for check in CHECKS:
            check(kind, options or {})


def check_class(kind: Any) -> None:
    """Require a complete subclass with a usable name and contrast."""
    where = f"objective {getattr(kind, '__name__', kind)}"
    require(
        isinstance(kind, type) and issubclass(kind, Objective),
        where,
        expected="a subclass of Objective",
        actual=f"{kind!r:.80}",
        remedy="subclass plurigrid_ff.learning.objectives.Objective",
    )
    require(
        not inspect.isabstract(kind),
        where,
        expected="a complete class",
        actual=f"one without {', '.join(sorted(kind.__abstractmethods__))}",
        remedy="write these methods",
    )
    name = getattr(kind, "name", None)
    require(
        isinstance(name, str) and re.fullmatch(SKILL_NAME, name),
        f"{where}: name",
        expected="lower-case words joined by hyphens",
        actual=repr(name),
        remedy="rename it: run files use this name",
    )
    contrast = getattr(kind, "contrast", None)
    require(
        contrast in get_args(Contrast),
        f"{where}: contrast",
        expected=f"one of {', '.join(get_args(Contrast))}",
        actual=repr(contrast),
        remedy="say what the objective tells apart",
    )


def check_paper(kind: type[Objective]) -> None:
    """Require that the docstring says where the objective comes from."""
    _, _, reference = (kind.__doc__ or "").partition("Reference:")
    require(
        reference.strip(),
        f"objective {kind.name!r}: docstring",
        expected="a paragraph 'Reference:' that names the paper",
        actual="none",
        remedy="add 'Reference:' and the paper, or what there is in its place",
    )


def check_shapes(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require a goodness that can predict, a scalar loss and a gradient of the input's shape."""
    objective = build(kind, options)
    h, y = sample(objective, BATCH, 0)
    shape = (len(h), CLASSES) if objective.rails == 1 else (len(h),)
    goodness, loss = objective.goodness(h), objective.loss(h, y)
    check_shape(objective, "goodness", goodness, shape)
    check_shape(objective, "loss", loss, ())
    loss, dh = objective.evaluate(h.clone(), y)
    check_shape(objective, "loss of evaluate", loss, ())
    check_shape(objective, "gradient of evaluate", dh, tuple(h.shape))


def check_shape(objective: Objective, what: str, found: object, shape: tuple[int, ...]) -> None:
    """Require a tensor of a shape."""
    require(
        isinstance(found, Tensor) and tuple(found.shape) == shape,
        f"objective {objective.name!r}: {what}",
        expected=f"a tensor of shape {shape}",
        actual=f"{tuple(found.shape)}" if isinstance(found, Tensor) else f"{found!r:.80}",
        remedy=f"contrast {objective.contrast!r} has {objective.rails} row(s) per sample; see "
        "the docstring of Objective",
    )


def check_gradient(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require that ``evaluate`` returns autograd's loss and gradients, in float64."""
    for seed in SEEDS:
        objective = build(kind, options)
        compare_with_autograd(objective, *sample(objective, BATCH, seed))


def compare_with_autograd(objective: Objective, h: Tensor, y: Tensor) -> None:
    """Compare ``evaluate`` with autograd's answer on one batch."""
    loss, dh = objective.evaluate(h.clone(), y)
    own = {name: parameter.grad for name, parameter in objective.named_parameters()}
    objective.zero_grad()
    expected_loss, expected_dh = Objective.evaluate(objective, h.clone(), y)  # asks autograd
    pairs: list[tuple[str, Tensor | None, Tensor | None]] = [
        ("loss", loss, expected_loss),
        ("gradient at h", dh, expected_dh),
    ]
    pairs += [
        (f"gradient of parameter {name}", own[name], parameter.grad)
        for name, parameter in objective.named_parameters()
    ]
    for what, found, expected in pairs:
        where = f"objective {objective.name!r}: {what}"
        if found is None or expected is None:
            raise failure(
                where,
                expected="a gradient",
                actual="None",
                remedy="set the grad of own parameters in evaluate",
            )
        close = torch.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
        require(
            close,
            where,
            expected=f"autograd's within {TOLERANCE:g}",
            actual=f"one that is {(found - expected).abs().max().item():.3g} away",
            remedy="derive the closed form in evaluate again, or leave evaluate out",
        )


def check_differences(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require that autograd's gradient of ``loss`` is that of finite differences."""
    objective = build(kind, options)
    h, y = sample(objective, BATCH, 0)
    # Active units, no two alike: at silence and at ties a goodness may have no derivative.
    generator = torch.Generator().manual_seed(0)
    h = (0.1 + torch.rand(h.shape, generator=generator, dtype=h.dtype)).requires_grad_()
    try:
        torch.autograd.gradcheck(lambda activity: objective.loss(activity, y), (h,))
    except (RuntimeError, AssertionError) as error:
        raise failure(
            f"objective {kind.name!r}: loss",
            expected="autograd's gradient to be that of finite differences",
            actual=f"{str(error).strip():.200}",
            remedy="detach nothing in loss, and check backward functions of your own",
        ) from error


def check_no_graph(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require that ``evaluate`` keeps no graph and leaves its input as it was."""
    objective = build(kind, options)
    h, y = sample(objective, BATCH, 0)
    before = h.clone()
    loss, dh = objective.evaluate(h, y)
    grads = {f"grad of {n}": p.grad for n, p in objective.named_parameters() if p.grad is not None}
    for what, tensor in {"loss": loss, "gradient": dh, "input": h, **grads}.items():
        require(
            not tensor.requires_grad,
            f"objective {kind.name!r}: {what} of evaluate",
            expected="no graph",
            actual="a tensor that requires grad",
            remedy="return detached tensors; decorate a closed form with torch.no_grad()",
        )
    require(
        torch.equal(h, before),
        f"objective {kind.name!r}: evaluate",
        expected="its input to stay as it was",
        actual="other values in h",
        remedy="work in place on your own tensors only",
    )


def check_locality(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require that no gradient goes below, and that an objective above changes nothing."""
    objective, above = build(kind, options), build(kind, options, key=2)
    h, y = sample(objective, BATCH, 0)
    below = torch.ones((), dtype=torch.float64, requires_grad=True)
    first = objective.evaluate(h * below, y)
    require(
        below.grad is None,
        f"objective {kind.name!r}: locality",
        expected="the layer below to get no gradient",
        actual="one that reached it",
        remedy="evaluate a detached h; call no backward()",
    )
    with torch.no_grad():
        for parameter in above.parameters():
            parameter.add_(1.0)
    above.evaluate(3 * h, y.flip(0))
    second = objective.evaluate(h.clone(), y)
    require(
        all(torch.equal(a, b) for a, b in zip(first, second, strict=True)),
        f"objective {kind.name!r}: locality",
        expected="the same loss and gradient, whatever the layer above does",
        actual="others after the layer above was changed and evaluated",
        remedy="keep nothing on the class or in the module, and nothing between two calls",
    )


def check_finite(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require finite losses and gradients in float32, from silence to loud activity."""
    objective = build(kind, options).float()
    h, y = sample(objective, BATCH, 0)
    for size in EXTREMES:
        loss, dh = objective.evaluate((size * h).float(), y)
        for what, found in (("loss", loss), ("gradient", dh)):
            require(
                torch.isfinite(found).all(),
                f"objective {kind.name!r}: {what} at activities of size {size:g}",
                expected="finite numbers",
                actual="nan or infinity",
                remedy="use softplus or logsigmoid for log(1 + exp), and guard divisions",
            )


def check_draws(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require that parameters follow from the key, and nothing from torch's own generator."""
    torch.manual_seed(1)
    one = build(kind, options)
    h, y = sample(one, BATCH, 0)
    first = one.evaluate(h.clone(), y)
    torch.manual_seed(2)
    two = build(kind, options)
    second = two.evaluate(h.clone(), y)
    require(
        all(torch.equal(a, b) for a, b in zip(first, second, strict=True)),
        f"objective {kind.name!r}: draws",
        expected="the same loss and gradient from the same key",
        actual="others under another torch.manual_seed",
        remedy="draw from a generator seeded with key",
    )


def check_rebuilt(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require that options, parameters and buffers are all: a saved network has no more."""
    objective, again = build(kind, options), build(kind, options, key=2, prepared=False)
    h, y = sample(objective, BATCH, 0)
    saved = {name: value.detach().clone() for name, value in objective.state_dict().items()}
    again.load_state_dict(saved, strict=False)
    require(
        torch.equal(objective.goodness(h), again.goodness(h))
        and torch.equal(objective.loss(h, y), again.loss(h, y)),
        f"objective {kind.name!r}: saving",
        expected="the same goodness and loss after parameters and buffers were saved and loaded",
        actual="others",
        remedy="keep only parameters, buffers that __init__ registers, and plain numbers that "
        "follow from the options",
    )


CHECKS: tuple[Callable[[type[Objective], dict[str, Any]], None], ...] = (
    check_shapes,
    check_gradient,
    check_differences,
    check_no_graph,
    check_locality,
    check_separable,
    check_vanishing,
    check_finite,
    check_draws,
    check_rebuilt,
)
