"""Errors a user can act on.

Each message says where, what was expected, what was found and what to do next. The
command line prints them without a traceback; anything else that escapes is a bug.
"""

import difflib
from collections.abc import Iterable


class PlurigridError(Exception):
    """Something the user can put right. ``str(error)`` is one sentence."""


class ConfigError(PlurigridError):
    """A run file or an option that cannot be used."""


class ParameterError(ConfigError, ValueError):
    """An estimator's parameter that cannot be used; scikit-learn expects a ValueError."""


class DataError(PlurigridError):
    """A data set that is missing, unreadable, or not what it claims to be."""


class UnknownNameError(PlurigridError):
    """A name that nothing here answers to."""


class TriadError(PlurigridError):
    """Skills that do not compose into a triad."""


class PluginError(PlurigridError):
    """A plugin that breaks the contract of its hook."""


class DuplicateSkillError(PluginError):
    """Two plugins that offer a skill of the same name."""


class CheckpointError(PlurigridError):
    """Saved weights or state that cannot be loaded into what was asked for."""


class RunFolderError(PlurigridError):
    """A run folder that exists already, or does not hold a run."""


class ExportError(PlurigridError):
    """An export whose place is taken, or a network that the format cannot hold."""


class DeviceError(PlurigridError):
    """A device that was asked for and is not there."""


class SheafError(PlurigridError):
    """A sheaf that is none, or a question about one that cannot be answered as it was put."""


class UndecidableError(SheafError):
    """A number that the data do not determine: a rank without a clear gap, say."""


class AlignmentError(PlurigridError):
    """Networks whose units cannot be matched with each other's."""


class TrainingError(PlurigridError):
    """Training that had to stop: a loss that is not finite, say."""


class BlockError(PlurigridError):
    """A block that fails at work, on a batch unlike those it was tried out on."""


class MeetingError(PlurigridError):
    """Processes that train together and did not find each other."""


class StageLostError(PlurigridError):
    """A process that trains some of the layers and is gone."""


class MeasurementError(PlurigridError):
    """A measurement whose process ended without a result."""


class QuantisationError(PlurigridError):
    """A network that has no integer form, or that does not fit a device's memory."""


class ToolchainError(PlurigridError):
    """A compiler that is missing, or a file that no compiler wrote."""


class CertificateError(PlurigridError):
    """A certificate that cannot be read, or does not hold."""


class AgentSkillError(PlurigridError):
    """A skill for coding agents that cannot be read, or a place it cannot be copied to."""


class ScaffoldError(PlurigridError):
    """A new plugin whose name cannot be used or whose place is taken."""


class MissingExtraError(PlurigridError):
    """A library that only some users need and that is not installed."""


class WorkingFolderError(PlurigridError):
    """A path that leads out of the folder that a server works in."""


class PortError(PlurigridError):
    """A port that another program holds."""


class LimitError(PlurigridError):
    """More than a server allows, of one call or at once."""


def in_short(error: BaseException) -> str:
    """Say in one line what foreign code has raised."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]:.200}" if lines else type(error).__name__


def unknown_name(
    kind: str, name: str, known: Iterable[str], *, where: str = "", remedy: str = ""
) -> UnknownNameError:
    """Build the error for an unknown name, suggesting the nearest known one.

    Args:
        kind: What the name should have named, for example ``"skill"``.
        name: What the user wrote.
        known: Every name that would have been right.
        where: Prefix that locates the name, for example ``"run.toml: "``.
        remedy: Said when no known name is near; the known names otherwise.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    other = remedy or f"known: {', '.join(names)}"
    hint = f"did you mean {near[0]!r}?" if near else other
    return UnknownNameError(f"{where}unknown {kind} {name!r}; {hint}")
