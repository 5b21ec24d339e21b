"""Where coding agents look for skills.

As their documentation had it in November 2026: Claude Code ``~/.claude/skills`` (under
``CLAUDE_CONFIG_DIR`` where that is set), Codex ``~/.agents/skills``, Cursor
``~/.cursor/skills``, Gemini CLI ``~/.gemini/skills``. In a project Codex, Cursor and Gemini
CLI read ``.agents/skills``; Claude Code reads ``.claude/skills``.
"""

import os
from pathlib import Path

CLIENTS = {
    "claude": "Claude Code, all your projects",
    "codex": "Codex, all your projects",
    "cursor": "Cursor, all your projects",
    "gemini": "Gemini CLI, all your projects",
    "project": "this folder: Codex, Cursor and Gemini CLI read .agents/skills",
}


def client_folder(client: str) -> tuple[Path, Path]:
    """Name the folder of a client's skills.

    Returns:
        The root that the client owns, and the folder of skills within it.
    """
    home = Path.home()
    if client == "claude":
        root = Path(os.environ.get("CLAUDE_CONFIG_DIR") or home / ".claude")
        return root, root / "skills"
    root = {"codex": home, "cursor": home, "gemini": home, "project": Path.cwd()}[client]
    below = {"cursor": ".cursor", "gemini": ".gemini"}.get(client, ".agents")
    return root, root / below / "skills"
