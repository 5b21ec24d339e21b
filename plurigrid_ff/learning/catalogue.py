"""What there is to learn by, described for people and programs."""

import inspect

from plurigrid_ff.errors import PluginError
from plurigrid_ff.learning.negatives import accepted_negatives
from plurigrid_ff.learning.objectives import (
    Objective,
    find_objective,
    objective_names,
    provider_of,
)
from plurigrid_ff.results import ObjectiveCard, OptionCard

PASSES = {
    "classes": "one",
    "samples": "one per class; one with a probe or head",
    "pairs": "one, with a probe or head",
}


def list_objectives() -> list[ObjectiveCard]:
    """Describe every objective, the library's first; a broken one says what is wrong."""
    cards = []
    for name in objective_names():
        try:
            cards.append(describe_objective(name))
        except PluginError as error:
            cards.append(ObjectiveCard(name=name, provider=provider_of(name), error=str(error)))
    return cards


def describe_objective(name: str) -> ObjectiveCard:
    """Describe one objective.

    Raises:
        UnknownNameError: There is none of that name.
        PluginError: A plugin offers it and it cannot be loaded.
    """
    objective = find_objective(name)
    text = inspect.cleandoc(objective.__doc__ or "")
    _, _, reference = text.partition("Reference:")
    return ObjectiveCard(
        name=name,
        provider=provider_of(name),
        summary=text.partition("\n\n")[0].replace("\n", " ").replace("``", ""),
        contrast=objective.contrast,
        passes=PASSES[objective.contrast],
        negatives=accepted_negatives(objective),
        options=_options(objective),
        reference=" ".join(reference.split()),
    )


def _options(objective: type[Objective]) -> tuple[OptionCard, ...]:
    """Describe the options and their defaults."""
    return tuple(
        OptionCard(
            name=name,
            default=None if field.is_required() else field.get_default(call_default_factory=True),
            description=field.description or "",
        )
        for name, field in objective.Options.model_fields.items()
    )
