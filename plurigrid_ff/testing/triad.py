"""``check_triad``: whether three skills fit, and whether they run."""

import tempfile
from pathlib import Path
from typing import Any

from plurigrid_ff.config import Triad
from plurigrid_ff.errors import PlurigridError
from plurigrid_ff.host import triad as host_triad
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.host.skill import Role, Skill
from plurigrid_ff.testing.random_state import seeded
from plurigrid_ff.testing.requirement import failure, require
from plurigrid_ff.testing.round import run_rounds, tiny_context
from plurigrid_ff.testing.skill import watched


def check_triad(
    triad: str | Triad,
    *,
    host: Host | None = None,
    run: bool = True,
    settings: dict[str, dict[str, Any]] | None = None,
) -> None:
    """Check a triad: its arithmetic, its slots, its ports, and three rounds on small data.

    Call it from a test of your own: ``check_triad("my_triad.toml")``.

    Args:
        triad: The triad, the name of a shipped one, or a file.
        host: Skills to choose from; None loads every installed plugin.
        run: False asks for no run, so that skills may be missing here.
        settings: Tables under ``[skills]``, by skill name.

    Raises:
        AssertionError: Where it does not fit, and what to do.
    """
    host = host or load_host()
    try:
        triad = host_triad.find_triad(triad) if isinstance(triad, str) else triad
        check = host_triad.check_triad(triad, host.registry)
    except PlurigridError as error:
        raise failure(
            "check_triad",
            expected="a triad of known skills",
            actual=str(error),
            remedy="see `plurigrid-ff skills` and `plurigrid-ff plugins`",
        ) from error
    missing = [name for name, there in check.installed.items() if not there]
    faults = check.faults if run else check.faults[: len(check.faults) - len(missing)]
    require(
        not faults,
        f"triad {triad.name!r}",
        expected="three skills that can run together",
        actual="; ".join(faults),
        remedy="see `plurigrid-ff triads check`; run=False allows skills that are not installed",
    )
    if run:
        check_run(triad.name, host_triad.resolve_triad(triad, host.registry), settings)


def check_run(
    name: str, skills: dict[Role, Skill], settings: dict[str, dict[str, Any]] | None
) -> None:
    """Require three rounds that go through, each call watched."""
    with tempfile.TemporaryDirectory() as folder, seeded(1):
        try:
            under_watch = {role: watched(skill) for role, skill in skills.items()}
            run_rounds(under_watch, tiny_context(settings), Path(folder))
        except PlurigridError as error:
            raise failure(
                f"triad {name!r}",
                expected="three rounds on small data",
                actual=str(error),
                remedy="check each skill alone with check_skill",
            ) from error
