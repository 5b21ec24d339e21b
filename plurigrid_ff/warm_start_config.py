"""Which finished run a run begins with."""

from pydantic import Field

from plurigrid_ff.settings import Settings


class WarmStartConfig(Settings):
    """A finished run whose networks are where training begins, in place of initial weights."""

    run: str = Field(description="Folder of the finished run: of the same data, network and seed.")
    log_head: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{32}$",
        description="Hash of the last entry of its log; filled in when the run begins. Another "
        "run in its place is refused.",
    )
