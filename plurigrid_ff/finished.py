"""Finished runs of a society: whose network to use."""

from dataclasses import dataclass
from pathlib import Path

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import ConfigError, RunFolderError, unknown_name
from plurigrid_ff.host.folder import NETWORK_FILE, agent_file
from plurigrid_ff.report.reading import read_report


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """Where a network of a finished run lies.

    Attributes:
        path: The file.
        agent: Whose it is; None for a run of a single agent.
    """

    path: Path
    agent: str | None = None


def find_network(folder: Path, config: RunConfig, agent: str | None = None) -> NetworkFile:
    """Find the network of one agent of a finished run.

    Args:
        folder: The run folder.
        config: Its settings.
        agent: Whose; None: the one with the best validation accuracy.

    Raises:
        ConfigError: The agent has no network, or the run has no agents to choose from.
        UnknownNameError: There is no such agent.
        RunFolderError: The run is not finished, or trained no network.
    """
    if config.society.agents == 1:
        if agent is not None:
            raise ConfigError(
                f"--agent {agent}: {folder} is the run of a single network; leave --agent out"
            )
        return NetworkFile(folder / NETWORK_FILE)
    society = read_report(folder).society
    if society is None or society.best is None:
        raise RunFolderError(f"{folder}: its agents trained no network")
    agents = {one.name: one for one in society.agents}
    agent = society.best if agent is None else agent
    if agent not in agents:
        raise unknown_name("agent", agent, agents, where="--agent: ")
    reason = agents[agent].excluded
    if reason is not None:
        raise ConfigError(f"--agent {agent}: was excluded from the run: {reason}; take another")
    return NetworkFile(agent_file(folder, agent), agent)
