"""What one call of a plugin's hook did, for whoever watches."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pluggy

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import in_short


class HookCall(Settings):
    """One call of one plugin's hook.

    Attributes:
        plugin: Name of the plugin's entry point.
        hook: Name of the hook.
        registered: What the plugin registered in this call, by name, in its order; None of a
            hook that answers.
        seconds: Time the call took.
        error: What the plugin raised.
    """

    plugin: str
    hook: str
    registered: tuple[str, ...] | None
    seconds: float
    error: str | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        time_taken = f"({self.seconds * 1e3:.2f} ms)"
        if self.registered is None:
            done = f"raised {self.error}" if self.error else "was asked"
            return f"{self.plugin}: {self.hook} {done} {time_taken}"
        names = ", ".join(self.registered) or "nothing"
        raised = f", then raised {self.error}" if self.error else ""
        return f"{self.plugin}: {self.hook} registered {names}{raised} {time_taken}"


def _named(items: Sequence[Any]) -> tuple[str, ...]:
    """Name what was registered, whatever it is."""
    return tuple(f"{getattr(item, 'name', item)!s:.80}" for item in items)


def watch(
    manager: pluggy.PluginManager,
    plugin: str,
    registered: Sequence[Any],
    report: Callable[[HookCall], None],
) -> None:
    """Report every call of a hook that the plugin implements.

    Args:
        manager: The manager of this plugin alone.
        plugin: Name of the plugin.
        registered: What the plugin has registered so far; calls of hooks make it longer.
        report: Told of each call when it has ended, by whichever way.
    """
    starts: list[tuple[float, int]] = []

    def before(hook: str, implementations: Sequence[Any], arguments: Mapping[str, Any]) -> None:
        starts.append((time.perf_counter(), len(registered)))

    def after(
        outcome: pluggy.Result[Any],
        hook: str,
        implementations: Sequence[Any],
        arguments: Mapping[str, Any],
    ) -> None:
        started, known = starts.pop()
        # pluggy tells of hooks that the plugin does not implement, too.
        if not implementations:
            return
        report(
            HookCall(
                plugin=plugin,
                hook=hook,
                registered=_named(registered[known:]) if hook.startswith("register_") else None,
                seconds=time.perf_counter() - started,
                error=in_short(outcome.exception) if outcome.exception else None,
            )
        )

    manager.add_hookcall_monitoring(before, after)
