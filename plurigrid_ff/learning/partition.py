"""Cut a stack of layers into stages that take equally long, as nearly as layers allow."""

from collections.abc import Sequence

from plurigrid_ff.learning.layers import FFLayer

# What else a layer does, in multiply-adds of a matrix product that take as long: normalising,
# rectifying, judging and masking per number that goes in or comes out, Adam per parameter and
# batch. Measured on one core of an AMD EPYC, CPU time of three layers of 250, 500 and 1000 units
# under batches of 64 to 1024; these two explain the seven figures to within 4 %.
PER_NUMBER, PER_PARAMETER = 400, 150


def layer_cost(layer: FFLayer, batch: int) -> float:
    """Return what one step of a layer takes, in multiply-adds.

    Two products for each row: up, and of the weight gradient.

    Args:
        layer: The layer.
        batch: Samples per step.
    """
    transform = layer.transform
    rows = batch * layer.objective.rails
    products = 2 * transform.fan_in * transform.out_features
    numbers = transform.in_features + transform.out_features
    parameters = sum(parameter.numel() for parameter in layer.parameters())
    return float(rows * (products + PER_NUMBER * numbers) + PER_PARAMETER * parameters)


def balanced(costs: Sequence[float], count: int) -> list[range]:
    """Cut a row of costs into ``count`` runs whose dearest is as cheap as it can be.

    By bisection over what the dearest may take, O(len(costs)) for each try: later runs are as
    long as it lets them be.

    Args:
        costs: What each layer takes, first layer first, above 0.
        count: Runs, at least 1 and at most as many as there are layers.
    """
    if not 1 <= count <= len(costs):
        raise ValueError(f"{len(costs)} layers cannot be cut into {count} runs")
    low, high = 0.0, float(sum(costs)) * 2
    best = _filled(costs, count, high)
    while low < (middle := (low + high) / 2) < high:  # until no float lies between
        runs = _filled(costs, count, middle)
        if all(sum(costs[place] for place in run) <= middle for run in runs):
            best, high = runs, middle
        else:
            low = middle
    return best


def _filled(costs: Sequence[float], count: int, limit: float) -> list[range]:
    """Fill runs up to a limit, the last one first; what is left is the first, however dear."""
    runs: list[range] = []
    stop = len(costs)
    for left in range(count - 1, 0, -1):
        start = stop - 1
        while start > left and sum(costs[start - 1 : stop]) <= limit:
            start -= 1
        runs.append(range(start, stop))
        stop = start
    return [range(stop), *reversed(runs)]
