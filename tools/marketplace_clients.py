"""Install the plugin with real marketplace clients, and write down what they say.

    python tools/marketplace_clients.py --out docs/marketplace-clients.md

Claude Code, Codex and ``skills`` come from npm, at the versions below, into a temporary folder
with a home of its own: no login, and nothing of yours is read or written. Each adds a fresh clone
of the last commit as a marketplace, installs the plugin or the skill and lists it; Claude Code
also connects the server, by ``uvx``. Needs node, npm, git and uv on the path, and the network for
npm and uv alone; uv reads its own settings, so ``UV_TORCH_BACKEND=cpu`` keeps torch small. Exits 1
when a client does not show what it should.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("@anthropic-ai/claude-code@2.1.197", "@openai/codex@0.169.0", "skills@1.5.18")
NEEDED = {"npm": "Node.js", "git": "git", "uvx": "uv (pip install uv)"}
SECONDS = 600  # of one command: the first start of the server installs torch
HEAD = """\
# What marketplace clients say

Written by `python tools/marketplace_clients.py --out docs/marketplace-clients.md`: a fresh clone in
`CLONE`, clients from npm, an empty home `HOME`, no login. Claude Code connects the server; Codex
lists it, and starts it only in a session, which needs a login.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a client, and what its output must show to count.

    Attributes:
        command: Program and arguments; ``CLONE`` stands for the clone.
        shows: A regular expression.
    """

    command: str
    shows: str


STEPS = (
    Step("claude --version", r"Claude Code"),
    Step("claude plugin validate CLONE", r"Validation passed"),
    Step("claude plugin marketplace add CLONE", r"Successfully added"),
    Step("claude plugin install plurigrid-ff@plurigrid-ff", r"Successfully installed"),
    # A plugin may be installed and yet fail to load: then it lists errors.
    Step("claude plugin list --json", r'^(?!.*"errors")(?=.*"enabled": true)'),
    Step("claude mcp list", r"plurigrid-ff-mcp - .*Connected"),  # it exits with 0 if not, too
    Step("codex --version", r"codex"),
    Step("codex plugin marketplace add CLONE", r"Added marketplace"),
    Step("codex plugin add plurigrid-ff@plurigrid-ff", r"Added plugin"),
    Step("codex plugin list", r"installed, enabled"),
    Step("codex mcp list", r"plurigrid-ff-mcp .*enabled"),
    Step("skills --version", r"\d"),
    Step("skills add CLONE --copy -y -a claude-code", r"forward-forward-learning \(copied\)"),
)


def main() -> int:
    """Run every step; print the transcript, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="the file; standard output by default")
    options = parser.parse_args()
    missing = [f"{name}: install {what}" for name, what in NEEDED.items() if not shutil.which(name)]
    if missing:
        print("not on PATH: " + "; ".join(missing), file=sys.stderr)
        return 2
    # Codex refuses a home below the system's folder for temporary files.
    with tempfile.TemporaryDirectory(dir=Path.home(), prefix="marketplace-") as folder:
        text, failed = transcript(Path(folder))
    if options.out and not failed:
        options.out.write_text(text, "utf-8")
    else:
        print(text)
    for step in failed:
        print(f"{step.command}: expected output that matches {step.shows!r}", file=sys.stderr)
    return 1 if failed else 0


def transcript(folder: Path) -> tuple[str, list[Step]]:
    """Return what was said, as Markdown, and the steps that did not show what they should."""
    clone, home, work = folder / "clone", folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    run(["git", "clone", "--quiet", str(ROOT), str(clone)], folder, dict(os.environ))
    run(["npm", "install", "--prefix", str(folder), *PACKAGES], folder, dict(os.environ))
    binaries = folder / "node_modules" / ".bin"
    environment = dict(os.environ) | {
        "HOME": str(home),
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "DISABLE_AUTOUPDATER": "1",
        "MCP_TIMEOUT": str(SECONDS * 1000),
        "NO_COLOR": "1",
    }
    parts, failed = [HEAD], []
    for step in STEPS:
        words = step.command.replace("CLONE", str(clone)).split()
        said = plain(run(words, work, environment))
        if not re.search(step.shows, said, re.DOTALL):
            failed.append(step)
        for path, name in ((clone, "CLONE"), (home, "HOME"), (folder, "FOLDER")):
            said = said.replace(str(path), name)
        parts.append(f"```text\n$ {step.command}\n{said}\n```\n")
    return "\n".join(parts), failed


def run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Return what a command writes, to standard output and then to standard error.

    Raises:
        SystemExit: It takes too long, or cannot be started.
    """
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SystemExit(f"{' '.join(words)}: {error}") from error
    return done.stdout + done.stderr


def plain(text: str) -> str:
    """Drop terminal control sequences and trailing spaces."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r", "", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
