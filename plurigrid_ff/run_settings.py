"""What a run's settings leave open is filled in, and what nobody could train is refused."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.skill import Role, Skill
from plurigrid_ff.host.triad import resolve_triad
from plurigrid_ff.settings import flat_settings

if TYPE_CHECKING:
    from plurigrid_ff.data.dataset import Dataset

GENERATOR = "forward-forward-learning"


def join_plugins(host: Host) -> None:
    """Let networks use the objectives and the blocks that plugins offer.

    Raises:
        PluginError: A plugin offers one under a name that is taken.
    """
    from plurigrid_ff.learning.blocks import offer_blocks
    from plurigrid_ff.learning.objectives import offer_objectives

    offer_objectives(host.objectives)
    offer_blocks(host.blocks)


def open_settings(config: RunConfig, host: Host) -> tuple[RunConfig, "Dataset"]:
    """Fill in what a run's settings leave open and load its data; write nothing.

    Args:
        config: The settings.
        host: Skills, objectives and blocks to choose from.

    Raises:
        PlurigridError: What :func:`train` would refuse before it begins.
    """
    skills = resolve_skills(config, host)
    join_plugins(host)
    config = resolve_settings(config, skills)
    data = load_data(config)
    require_buildable(config, data)
    return config, data


def resolve_skills(config: RunConfig, host: Host) -> dict[Role, Skill]:
    """Find the run's skills and require that its tables belong to them."""
    if config.triad is not None:
        skills = resolve_triad(config.triad, host.registry)
    else:
        skills = {Role.GENERATOR: host.registry.skill(GENERATOR)}
    names = {skill.name for skill in skills.values()}
    for name in config.skills:
        if name not in names:
            host.registry.role(name, where="skills: ")
            raise ConfigError(
                f"skills.{name}: settings for a skill that this run does not use; it uses "
                f"{', '.join(sorted(names))}"
            )
    return skills


def resolve_settings(config: RunConfig, skills: dict[Role, Skill]) -> RunConfig:
    """Fill in what was left open: the device, and the skills' defaults."""
    from plurigrid_ff.learning.devices import resolve_device
    from plurigrid_ff.learning.negatives import NONE, find_negatives
    from plurigrid_ff.learning.objectives import parse_options

    tables = {
        skill.name: skill.parse_config(config.skills, where="run").model_dump(mode="json")
        for skill in skills.values()
    }
    options = parse_options(config.network.objective, config.network.options)
    negatives = find_negatives(config.network)
    scaling = config.network.scaling
    if scaling == "auto":
        scaling = "standard" if config.data.source.lower().endswith(".csv") else "none"
    network = config.network.model_copy(
        update={
            "options": options.model_dump(mode="json"),
            "negatives": negatives.name if negatives else NONE,
            "scaling": scaling,
        }
    )
    device = resolve_device(config.device).type
    update: dict[str, Any] = {"skills": tables, "network": network, "device": device}
    return config.model_copy(update=update)


def load_data(config: RunConfig) -> "Dataset":
    """Read and check the data set."""
    from plurigrid_ff.data.load import load_dataset

    return load_dataset(config.data, seed=config.seed)


def require_buildable(config: RunConfig, data: "Dataset") -> None:
    """Refuse what samples of this shape, or the device, cannot have, before anything is written.

    Raises:
        ConfigError: What does not fit, and what would.
    """
    import torch

    from plurigrid_ff.learning.network import FFNetwork
    from plurigrid_ff.learning.requirements import require_trainable

    with torch.device("meta"):
        network = FFNetwork(config.network, data.feature_shape, data.num_classes, seed=0)
    require_trainable(config.training, network, torch.device(config.device))


def require_same(asked: RunConfig, saved: RunConfig, folder: Path) -> None:
    """Refuse to go on with a run of other settings.

    Raises:
        ConfigError: The first setting that differs.
    """
    want, have = (
        flat_settings(asked.model_dump(mode="json")),
        flat_settings(saved.model_dump(mode="json")),
    )
    if asked.warm_start is not None and asked.warm_start.log_head is None:
        have.pop("warm_start.log_head", None)  # filled in when the run began
        want.pop("warm_start.log_head")
    for key in sorted(want.keys() | have.keys()):
        if want.get(key) != have.get(key):
            raise ConfigError(
                f"{folder}: its {key} is {have.get(key)!r}, but {want.get(key)!r} was asked for; "
                "resume with the settings it began with, or take another --out"
            )
