"""The one folder that tool calls may read and write."""

import os
import stat
from pathlib import Path

from plurigrid_ff.errors import WorkingFolderError

MAX_ENTRIES = 1_000_000  # as many files as a data set may have


class WorkingFolder:
    """Resolves the paths of tool calls, and refuses those that lead out.

    A path is followed through every symbolic link before it is judged. Another program that
    changes links between the check and the use is not guarded against.

    Args:
        root: The folder.

    Raises:
        WorkingFolderError: It does not exist, or is so wide that it limits nothing.
    """

    def __init__(self, root: Path) -> None:
        try:
            self.root = root.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise WorkingFolderError(
                f"{root}: cannot be the working folder: {error}; make it, or name another with "
                "--folder"
            ) from error
        if not self.root.is_dir():
            raise WorkingFolderError(f"{root}: expected a folder to work in; name one, --folder")
        if self.root == Path(self.root.anchor) or self.root == _home():
            raise WorkingFolderError(
                f"{root}: too wide for a working folder, for it holds everything; name a project's "
                "folder with --folder"
            )

    def inside(self, text: str, *, where: str) -> Path:
        """Resolve a path of a tool call, whether or not anything is there.

        Args:
            text: Relative to the working folder, or absolute and inside it.
            where: The argument that holds it, for messages.

        Returns:
            The path behind all links, relative to the root.

        Raises:
            WorkingFolderError: It leads out, or is neither a plain file nor a folder.
        """
        if text.startswith("~"):  # the library would put the home folder in its place
            raise self._outside(text, where)
        try:
            path = (self.root / text).resolve()
            if not path.is_relative_to(self.root):
                raise self._outside(text, where)
            _require_plain(path)
        except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, links in a ring
            raise WorkingFolderError(
                f"{where}: {text!r:.200} is no usable path: {error}; give one such as 'runs/mine'"
            ) from error
        return path.relative_to(self.root)

    def file(self, text: str, suffix: str, *, where: str) -> Path:
        """Resolve as :meth:`inside` does, and require a suffix such as ``".csv"``.

        Raises:
            WorkingFolderError: It leads out, or ends otherwise.
        """
        path = self.inside(text, where=where)
        if path.suffix != suffix:
            raise WorkingFolderError(f"{where}: expected a {suffix} file, got {text!r:.200}")
        return path

    def tree(self, text: str, *, where: str) -> Path:
        """Resolve as :meth:`inside` does, and require the same of everything below it.

        Raises:
            WorkingFolderError: A link below it leads out, or something is neither a plain
                file nor a folder.
        """
        top = self.inside(text, where=where)
        seen: set[Path] = set()
        ahead = [self.root / top]
        while ahead:
            folder = ahead.pop()
            if folder in seen or not folder.is_dir():
                continue
            seen.add(folder)
            for entry in _entries(folder):
                below = Path(entry.path)
                if not entry.is_file(follow_symlinks=False):  # a link, a folder, or what is neither
                    name = str(below.relative_to(self.root))
                    ahead.append(self.root / self.inside(name, where=where))
                if len(ahead) + len(seen) > MAX_ENTRIES:
                    raise WorkingFolderError(
                        f"{where}: {text!r} holds more than {MAX_ENTRIES} folders; give fewer"
                    )
        return top

    def run(self, text: str, *, where: str) -> Path:
        """Resolve the place of a run, finished or growing beside it."""
        top = self.tree(text, where=where)
        for suffix in (".partial", ".replaced"):
            self.tree(f"{top}{suffix}", where=where)
        return top

    def shown(self, message: str) -> str:
        """Name paths as a caller would, relative to the working folder."""
        return message.replace(f"{self.root}{os.sep}", "").replace(str(self.root), ".")

    def _outside(self, text: str, where: str) -> WorkingFolderError:
        """Build the error for a path that leads out."""
        return WorkingFolderError(
            f"{where}: {text!r:.200} leads out of the working folder; give a path inside it, such "
            "as 'runs/mine'"
        )


def _home() -> Path | None:
    """Return the user's home folder where there is one."""
    try:
        return Path.home().resolve()
    except RuntimeError:
        return None


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    """List a folder; one that may not be read is left to whoever reads it."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _require_plain(path: Path) -> None:
    """Refuse devices, pipes and sockets: reading one could last for ever.

    Raises:
        ValueError: What it is.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ValueError("neither a plain file nor a folder")
