"""The skill that comes with this library."""

from pathlib import Path

import plurigrid_ff
from plurigrid_ff.agents.folder import SKILL_FILE
from plurigrid_ff.errors import AgentSkillError

SKILL_NAME = "forward-forward-learning"


def shipped_skill() -> Path:
    """Find the folder of the shipped skill.

    A wheel has it inside the package. A clone has it at its root, where installers of
    skills look; an editable install runs from the clone.

    Raises:
        AgentSkillError: The installation lacks it.
    """
    package = Path(plurigrid_ff.__file__).parent
    for skills in (package / "skills", package.parent / "skills"):
        folder = skills / SKILL_NAME
        if (folder / SKILL_FILE).is_file():
            return folder
    raise AgentSkillError(
        f"{package / 'skills' / SKILL_NAME}: expected the skill that comes with plurigrid-ff, "
        "found none; reinstall plurigrid-ff"
    )
