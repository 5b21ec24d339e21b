"""Forward-Forward learning, and triads of skills that can say no.

Names load on first use: importing the package does not load torch.
"""

from typing import TYPE_CHECKING

from plurigrid_ff.lazy_names import lazy_names

if TYPE_CHECKING:
    from plurigrid_ff.config import (
        DataConfig,
        NetworkConfig,
        RunConfig,
        Settings,
        TrainingConfig,
        Triad,
    )
    from plurigrid_ff.data.load import load_dataset
    from plurigrid_ff.errors import PlurigridError
    from plurigrid_ff.estimators import FFClassifier, FFTransformer
    from plurigrid_ff.exports import export_run
    from plurigrid_ff.host.hookspecs import hookimpl
    from plurigrid_ff.host.plugins import load_host
    from plurigrid_ff.host.ports import Inbox, Outbox, Port
    from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard
    from plurigrid_ff.host.triad import find_triad
    from plurigrid_ff.inference import evaluate, predict
    from plurigrid_ff.learning.blocks import register_block
    from plurigrid_ff.learning.layers import FFLayer
    from plurigrid_ff.learning.network import FFNetwork
    from plurigrid_ff.learning.trainer import Trainer
    from plurigrid_ff.onchip.export import export_c
    from plurigrid_ff.results import RunReport, Verdict
    from plurigrid_ff.runs import train

__version__ = "0.1.0"

__all__ = [
    "DataConfig",
    "FFClassifier",
    "FFLayer",
    "FFNetwork",
    "FFTransformer",
    "Inbox",
    "NetworkConfig",
    "Outbox",
    "PlurigridError",
    "Port",
    "Role",
    "RunConfig",
    "RunContext",
    "RunReport",
    "Settings",
    "Skill",
    "SkillCard",
    "Trainer",
    "TrainingConfig",
    "Triad",
    "Verdict",
    "evaluate",
    "export_c",
    "export_run",
    "find_triad",
    "hookimpl",
    "load_dataset",
    "load_host",
    "predict",
    "register_block",
    "train",
]

_HOMES = {
    "DataConfig": "config",
    "FFClassifier": "estimators",
    "FFLayer": "learning.layers",
    "FFNetwork": "learning.network",
    "FFTransformer": "estimators",
    "Inbox": "host.ports",
    "NetworkConfig": "config",
    "Outbox": "host.ports",
    "PlurigridError": "errors",
    "Port": "host.ports",
    "Role": "host.skill",
    "RunConfig": "config",
    "RunContext": "host.skill",
    "RunReport": "results",
    "Settings": "config",
    "Skill": "host.skill",
    "SkillCard": "host.skill",
    "Trainer": "learning.trainer",
    "TrainingConfig": "config",
    "Triad": "config",
    "Verdict": "results",
    "evaluate": "inference",
    "export_c": "onchip.export",
    "export_run": "exports",
    "find_triad": "host.triad",
    "hookimpl": "host.hookspecs",
    "load_dataset": "data.load",
    "load_host": "host.plugins",
    "predict": "inference",
    "register_block": "learning.blocks",
    "train": "runs",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
