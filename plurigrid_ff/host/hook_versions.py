"""The version of the hooks, and whether a plugin can live with it."""

import re

from plurigrid_ff.errors import PluginError

# Of all hooks together; docs/hooks.md says what raises which number.
HOOKS_VERSION = "1.4"
REQUIREMENT = "REQUIRES_HOOKS"


def check_hooks_version(plugin: object, name: str) -> None:
    """Require that the hooks are those that a plugin says it needs, if it says so.

    Args:
        plugin: What the entry point names; its attribute ``REQUIRES_HOOKS`` is ``"MAJOR.MINOR"``.
        name: Name of the plugin, for messages.

    Raises:
        PluginError: The plugin is too new or too old for these hooks, or says nothing usable.
    """
    needed = getattr(plugin, REQUIREMENT, None)
    if needed is None:
        return
    if not isinstance(needed, str) or not re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", needed):
        raise PluginError(
            f"plugin {name!r} has {REQUIREMENT} = {needed!r:.80}; expected a version of the hooks "
            f"as a text of two numbers, as in {HOOKS_VERSION!r}"
        )
    major, minor = map(int, needed.split("."))
    our_major, our_minor = map(int, HOOKS_VERSION.split("."))
    found = f"plugin {name!r} needs version {needed} of the hooks, and this plurigrid-ff has "
    if (major, minor) > (our_major, our_minor):
        raise PluginError(
            f"{found}{HOOKS_VERSION}: the plugin is too new; upgrade plurigrid-ff, or install an "
            "older version of the plugin"
        )
    if major < our_major:
        raise PluginError(
            f"{found}{HOOKS_VERSION}: the plugin is too old; upgrade the plugin, or install an "
            "older plurigrid-ff"
        )
