"""How much one call may ask for, and how many calls may run."""

from pydantic import Field

from plurigrid_ff.config import RunConfig, Settings
from plurigrid_ff.errors import LimitError

MIB = 1 << 20


class Limits(Settings):
    """What a server allows. Every field is an option of ``plurigrid-ff-mcp``."""

    max_epochs: int = Field(200, ge=1, description="Epochs of one run.")
    max_width: int = Field(4096, ge=1, description="Units of one layer; channels of a convolution.")
    max_agents: int = Field(32, ge=1, description="Agents of one society.")
    max_samples: int = Field(200_000, ge=1, description="Samples of one data set, all splits.")
    max_seconds: int = Field(1800, ge=1, description="Seconds of one call, without its wait.")
    max_memory_mib: int = Field(
        4096, ge=512, description="MiB of memory of one call; enforced on Linux."
    )
    concurrency: int = Field(
        1, ge=1, le=256, description="Trainings at once, and as many other calls that compute."
    )
    queue: int = Field(
        16, ge=0, description="Calls that may wait for their turn; further ones are refused."
    )

    def require(self, config: RunConfig) -> None:
        """Refuse settings that ask for more, before any work starts.

        Raises:
            LimitError: The setting, what it may be, what it is, and what to do.
        """
        # The width of a block is its author's; memory and time limit it too.
        widths = [getattr(layer, "features", 0) for layer in config.network.layers]
        self._require("training.epochs", config.training.epochs, "max_epochs")
        self._require("society.agents", config.society.agents, "max_agents")
        self._require("network.hidden", max(widths), "max_width")

    def _require(self, key: str, asked: int, name: str) -> None:
        """Compare one setting with its limit."""
        most = getattr(self, name)
        if asked > most:
            raise LimitError(
                f"{key}: expected at most {most} on this server, got {asked}; ask for less, or "
                f"have the server started with {option(name)} {asked}"
            )


def option(name: str) -> str:
    """Return the command line option that sets a limit."""
    return f"--{name.replace('_', '-')}"
