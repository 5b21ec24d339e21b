"""Hooks that answer: plain data in, plain data out, from the first plugin that knows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from plurigrid_ff.errors import PluginError, PlurigridError, in_short, unknown_name
from plurigrid_ff.host import hookspecs

if TYPE_CHECKING:
    import pluggy

QUESTIONS = tuple(
    name
    for name, member in vars(hookspecs).items()
    if (getattr(member, f"{hookspecs.PROJECT}_spec", None) or {}).get("firstresult")
)
"""Names of the hooks that answer."""


def answered_by(manager: "pluggy.PluginManager") -> tuple[str, ...]:
    """Name the questions that a plugin answers, given its manager."""
    return tuple(name for name in QUESTIONS if getattr(manager.hook, name).get_hookimpls())


def ask(
    managers: "Mapping[str, pluggy.PluginManager]", question: str, arguments: Mapping[str, Any]
) -> Any:
    """Ask plugin after plugin until one answers.

    Args:
        managers: The manager of each loaded plugin, by the plugin's name, in loading order.
        question: Name of the hook.
        arguments: Its arguments, as models or as what their JSON holds.

    Returns:
        The answer, as the hook's specification types it.

    Raises:
        UnknownNameError: No such question.
        PluginError: An argument of the wrong form, no plugin that answers, or one that fails.
    """
    if question not in QUESTIONS:
        raise unknown_name("question", question, QUESTIONS)
    types = get_type_hints(getattr(hookspecs, question), include_extras=True)
    returns = types.pop("return")
    checked = {
        name: _check(kind, arguments.get(name), f"{question}: {name}")
        for name, kind in types.items()
    }
    if extra := sorted(arguments.keys() - types.keys()):
        raise PluginError(f"{question} takes {', '.join(types)}, and not {', '.join(extra)}")
    for name, manager in managers.items():
        where = f"plugin {name!r}: {question}"
        try:
            answer = getattr(manager.hook, question)(**checked)
        except PlurigridError:
            raise
        # Foreign code enters here: whatever it raises becomes one sentence.
        except Exception as error:
            raise PluginError(f"{where} raised {in_short(error)}") from error
        if answer is not None:
            return _check(returns, answer, f"{where} answers")
    raise PluginError(
        f"no loaded plugin answers {question}; `plurigrid-ff plugins` lists what each offers"
    )


def _check(kind: Any, value: Any, where: str) -> Any:
    """Read a value as its type.

    Raises:
        PluginError: It is none.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise PluginError(
            f"{where}{': ' + place if place else ''}: {first['msg'][0].lower()}{first['msg'][1:]}, "
            f"got {first['input']!r:.80}"
        ) from error
