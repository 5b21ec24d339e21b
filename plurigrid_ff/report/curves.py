"""Turn the log of rounds into learning curves. What an entry does not say is left out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plurigrid_ff.report.wording import finite
from plurigrid_ff.results import Chart, Series

MAX_LINES = 7  # more lines than colours cannot be told apart
MAX_COORDINATOR_CURVES = 6

Entry = Mapping[str, Any]
Point = tuple[float, float]

_PER_LAYER = (
    ("loss", "Local loss", "Local loss"),
    ("margin", "Margin", "Margin"),
    ("accuracy", "Accuracy of each layer", "Accuracy"),
)


def learning_curves(rounds: Sequence[Entry]) -> tuple[Chart, ...]:
    """Build every curve that the log has numbers for."""
    generated = list(with_summary(rounds, "generator"))
    epochs = _epochs(generated)
    axis = "Epoch" if epochs else "Round"
    places = epochs or [round_of(entry, index) for index, entry in enumerate(generated)]
    dated = list(zip(places, generated, strict=True))
    charts = [_layer_chart(dated, axis, *names) for names in _PER_LAYER]
    charts.append(_validation_chart(dated, axis))
    judged = list(with_summary(rounds, "validator"))
    charts.append(_verdict_chart(judged))
    charts.append(
        _movement_chart([(round_of(entry, index), entry) for index, entry in enumerate(judged)])
    )
    charts.extend(_coordinator_charts(list(with_summary(rounds, "coordinator"))))
    return tuple(chart for chart in charts if chart is not None)


def with_summary(rounds: Iterable[Entry], role: str) -> Iterable[Entry]:
    """Pick the entries of one role that say something."""
    return (
        entry
        for entry in rounds
        if entry.get("role") == role and isinstance(entry.get("summary"), Mapping)
    )


def round_of(entry: Entry, index: int) -> float:
    """Return an entry's round, or its place in the log."""
    number = finite(entry.get("round"))
    return index + 1.0 if number is None else number


def _epochs(entries: Sequence[Entry]) -> list[float]:
    """Count the epochs that are done after each entry; empty if one does not say."""
    done: list[float] = []
    for entry in entries:
        epochs = finite(entry["summary"].get("epochs"))
        if epochs is None:
            return []
        done.append(epochs + (done[-1] if done else 0.0))
    return done


def _layer_chart(
    dated: Sequence[tuple[float, Entry]], axis: str, key: str, title: str, label: str
) -> Chart | None:
    """Draw one number of every layer over the rounds."""
    points: dict[int, list[Point]] = defaultdict(list)
    for place, entry in dated:
        layers = entry["summary"].get("layers")
        for index, layer in enumerate(layers if isinstance(layers, list | tuple) else ()):
            value = finite(layer.get(key)) if isinstance(layer, Mapping) else None
            if value is not None:
                points[index].append((place, value))
    shown = spread(sorted(points), MAX_LINES)
    note = f"{len(shown)} of {len(points)} layers shown." if len(shown) < len(points) else ""
    named = [(f"Layer {index + 1}", points[index]) for index in shown]
    return _line_chart(title, axis, label, named, note)


def _validation_chart(dated: Sequence[tuple[float, Entry]], axis: str) -> Chart | None:
    """Draw the whole network's accuracy on validation samples."""
    points = _collect(dated, "validation_accuracy")
    return _line_chart("Validation accuracy", axis, "Accuracy", [("Network", points)])


def _verdict_chart(entries: Sequence[Entry]) -> Chart | None:
    """Draw what the validator measured beside what it would let pass."""
    dated = [(round_of(entry, index), entry) for index, entry in enumerate(entries)]
    measured = _collect(dated, "measure")
    if not measured:
        return None
    limits = _collect(dated, "limit")
    return _line_chart(
        "Validator's measure", "Round", "Measure", [("Measure", measured), ("Limit", limits)]
    )


def _coordinator_charts(entries: Sequence[Entry]) -> list[Chart | None]:
    """Draw those of the coordinator's numbers that changed."""
    dated = [(round_of(entry, index), entry) for index, entry in enumerate(entries)]
    keys = dict.fromkeys(key for _, entry in dated for key in entry["summary"])
    charts = []
    for key in keys:
        points = _collect(dated, key)
        if len({value for _, value in points}) > 1:
            name = str(key).replace("_", " ")
            charts.append(_line_chart(f"Coordinator: {name}", "Round", name, [("", points)]))
    return [_regret_chart(dated), *charts[:MAX_COORDINATOR_CURVES]]


def _regret_chart(dated: Sequence[tuple[float, Entry]]) -> Chart | None:
    """Draw what each player would have gained by another action, round by round."""
    return _agents_chart(
        dated,
        "regrets",
        "Regrets of the players",
        "Regret, margin per update",
        "What a player would have gained by its other action, in hindsight.",
    )


def _movement_chart(dated: Sequence[tuple[float, Entry]]) -> Chart | None:
    """Draw how far each layer's persistence diagrams moved since the round before."""
    return _agents_chart(
        dated,
        "moved",
        "Diagrams since the round before",
        "H0 Wasserstein distance",
        "Of the first round, since before training. Activities have unit length.",
    )


def _agents_chart(
    dated: Sequence[tuple[float, Entry]], key: str, title: str, label: str, note: str
) -> Chart | None:
    """Draw a list of numbers per agent, of its layers or of itself alone, round by round."""
    points: dict[str, list[Point]] = defaultdict(list)
    for place, entry in dated:
        told = entry["summary"].get(key)
        for agent, values in told.items() if isinstance(told, Mapping) else ():
            for index, value in enumerate(values if isinstance(values, list | tuple) else ()):
                number = finite(value)
                if number is not None:
                    alone = len(values) == 1
                    points[agent if alone else f"{agent}, layer {index + 1}"].append(
                        (place, number)
                    )
    names = list(points)
    shown = spread(range(len(names)), MAX_LINES)
    hidden = f"{len(shown)} of {len(names)} shown. " if len(shown) < len(names) else ""
    lines = [(names[index], points[names[index]]) for index in shown]
    return _line_chart(title, "Round", label, lines, f"{hidden}{note}")


def _collect(dated: Iterable[tuple[float, Entry]], key: str) -> list[Point]:
    """Pair places with one number of each summary, where it is there."""
    picked = ((place, finite(entry["summary"].get(key))) for place, entry in dated)
    return [(place, value) for place, value in picked if value is not None]


def _line_chart(
    title: str, x_label: str, y_label: str, lines: list[tuple[str, list[Point]]], note: str = ""
) -> Chart | None:
    """Build a chart of the lines that have points, if any."""
    series = tuple(
        Series(name=name, x=tuple(x for x, _ in points), y=tuple(y for _, y in points))
        for name, points in lines
        if points
    )
    if not series:
        return None
    return Chart(
        kind="line", title=title, x_label=x_label, y_label=y_label, series=series, note=note
    )


def spread(items: Sequence[int], limit: int) -> list[int]:
    """Pick at most ``limit`` items, the first and the last among them, evenly spaced."""
    if len(items) <= limit:
        return list(items)
    step = (len(items) - 1) / (limit - 1)
    return [items[round(place * step)] for place in range(limit)]
