"""A skill's files, read with care: nothing outside the folder, no links, bounded sizes."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plurigrid_ff.errors import AgentSkillError

SKILL_FILE = "SKILL.md"
MAX_FILES = 200
MAX_FILE_BYTES = 1 << 20
MAX_FOLDER_BYTES = 1 << 22
MAX_DEPTH = 4
LEFT_OUT = {"__pycache__", ".DS_Store"}  # what running or looking at a skill leaves behind

SkillFiles = dict[PurePosixPath, bytes]


def read_skill_files(folder: Path) -> SkillFiles:
    """Read every file of a skill folder.

    Returns:
        Bytes by path within the folder, in sorted order.

    Raises:
        AgentSkillError: It is no folder, holds a link or a device, or is too large.
        OSError: A file cannot be read.
    """
    if folder.is_symlink():
        raise AgentSkillError(f"{folder}: is a symbolic link; give the folder that it leads to")
    if not folder.is_dir():
        raise AgentSkillError(f"{folder}: expected a folder that holds a {SKILL_FILE}")
    files: SkillFiles = {}
    total = 0
    for path in _walk(folder):
        raw = _read(path)
        total += len(raw)
        if total > MAX_FOLDER_BYTES:
            raise AgentSkillError(f"{folder}: more than {MAX_FOLDER_BYTES:,} bytes in all")
        files[PurePosixPath(path.relative_to(folder).as_posix())] = raw
    return dict(sorted(files.items()))


def _walk(skill: Path) -> Iterator[Path]:
    """Yield the regular files below a folder; links are an error, not followed."""
    todo = [(skill, 1)]
    seen = 0
    while todo:
        folder, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise AgentSkillError(f"{folder}: folders within folders, more than {MAX_DEPTH} deep")
        with os.scandir(folder) as entries:
            for entry in entries:
                seen += 1
                if seen > MAX_FILES:  # folders count, and so do files that are left out
                    raise AgentSkillError(
                        f"{skill}: more than {MAX_FILES} files and folders; is it one skill?"
                    )
                if entry.name in LEFT_OUT:
                    continue
                path = Path(entry.path)
                if not entry.name.isprintable():
                    raise AgentSkillError(
                        f"{folder}: a file name that cannot be shown: {entry.name!a}"
                    )
                if entry.is_dir(follow_symlinks=False):
                    todo.append((path, depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    yield path
                else:
                    raise AgentSkillError(
                        f"{path}: expected a file or a folder, found a link or a device; a skill "
                        "holds its own files only"
                    )


def _read(path: Path) -> bytes:
    """Read a regular file, even if it was swapped for a link or a pipe since it was listed."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise AgentSkillError(f"{path}: expected a regular file")
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise AgentSkillError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes")
    return raw
