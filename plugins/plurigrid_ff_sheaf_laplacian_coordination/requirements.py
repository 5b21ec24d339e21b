"""What settings must hold of a society, before anybody trains."""

import networkx as nx

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.spectrum import spectrum
from plurigrid_ff_sheaf_laplacian_coordination import SheafLaplacianConfig

WHERE = "skills.sheaf-laplacian-coordination"


def require_fit(config: SheafLaplacianConfig, graph: "nx.Graph[str]") -> None:
    """Require settings that this society can be mixed under.

    Args:
        config: Of the coordinator.
        graph: All agents.

    Raises:
        ConfigError: Offline agents that there are none of, or a society of which nobody is heard.
        SheafError: A step at which diffusion diverges. Whatever the permutations, all agents may
            differ by the same number in every unit, which diffuses as on the graph; so its
            largest eigenvalue bounds the step from the start.
    """
    where = f"{WHERE}.offline"
    for name in config.offline:
        if name not in graph:
            raise ConfigError(f"{where}: no agent {name!r}; there are {', '.join(graph)}")
    if set(config.offline) == set(graph):
        raise ConfigError(f"{where}: names all agents; leave one to be heard")
    if config.offline and config.maps == "matched":
        raise ConfigError(
            f"{where}: maps = 'matched' do not close round cycles, so they give no extension to "
            "those who are offline; use maps = 'synchronised'"
        )
    if config.step != "optimal":
        heard = graph.subgraph([agent for agent in graph if agent not in config.offline])
        spectrum(CellularSheaf.constant(heard)).require_converging(config.step)
