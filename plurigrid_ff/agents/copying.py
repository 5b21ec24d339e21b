"""Copy a skill: say first what would be written, then write all of it or nothing."""

from pathlib import Path, PurePosixPath
from typing import Literal

from plurigrid_ff.agents.folder import SKILL_FILE, SkillFiles, read_skill_files
from plurigrid_ff.agents.frontmatter import FrontmatterError, split_skill
from plurigrid_ff.config import Settings
from plurigrid_ff.errors import AgentSkillError
from plurigrid_ff.files import folder_written_beside


class CopyPlan(Settings):
    """What copying a skill to a place would do there."""

    skill: str
    folder: str
    state: Literal["new", "up to date", "different"]
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class CopyReport(CopyPlan):
    """A plan, and whether it was carried out."""

    written: bool


def plan_copy(files: SkillFiles, name: str, skills: Path, *, root: Path | None = None) -> CopyPlan:
    """Compare a skill with what lies where its copy would.

    Args:
        files: The skill's files.
        name: The skill's name, which its copy's folder bears.
        skills: The folder that would hold the copy's folder.
        root: A folder above ``skills``; nothing below it may be a link. None: ``skills``.

    Raises:
        AgentSkillError: Something else lies there, or a link would lead elsewhere.
    """
    folder = skills / name
    _require_no_links(folder, root or skills)
    here = {str(path) for path in files}
    if not folder.exists():
        return CopyPlan(skill=name, folder=str(folder), state="new", added=tuple(sorted(here)))
    there = read_skill_files(folder)
    _require_same_skill(there, name, folder)
    plan = CopyPlan(
        skill=name,
        folder=str(folder),
        state="different",
        added=tuple(sorted(here - {str(path) for path in there})),
        changed=tuple(str(path) for path in files if path in there and files[path] != there[path]),
        removed=tuple(str(path) for path in there if path not in files),
    )
    if plan.added or plan.changed or plan.removed:
        return plan
    return plan.model_copy(update={"state": "up to date"})


def require_permission(plan: CopyPlan, *, overwrite: bool) -> None:
    """Refuse to replace another version unasked.

    Raises:
        AgentSkillError: Another version lies there.
    """
    if plan.state != "different" or overwrite:
        return
    counts = (("added", plan.added), ("changed", plan.changed), ("removed", plan.removed))
    what = ", ".join(f"{len(files)} {word}" for word, files in counts if files)
    raise AgentSkillError(
        f"{plan.folder}: holds another version of {plan.skill!r} ({what}); "
        "--overwrite to replace it"
    )


def carry_out(plan: CopyPlan, files: SkillFiles) -> CopyReport:
    """Write the copy; it is whole or, on an error, what was there stays."""
    written = plan.state != "up to date"
    if written:
        with folder_written_beside(Path(plan.folder)) as new:
            for path, raw in files.items():
                target = new.joinpath(*path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(raw)
                if raw.startswith(b"#!"):
                    target.chmod(target.stat().st_mode | 0o111)
    return CopyReport(**plan.model_dump(), written=written)


def _require_no_links(folder: Path, root: Path) -> None:
    """Refuse a place that is, or lies behind, a link below ``root``."""
    for path in (folder, *folder.parents):
        if path == root:
            return
        if path.is_symlink():
            raise AgentSkillError(
                f"{path}: is a symbolic link, and nothing is written through one; name the "
                "folder that it leads to: plurigrid-ff skill export DIR"
            )


def _require_same_skill(there: SkillFiles, name: str, folder: Path) -> None:
    """Refuse to touch a folder that holds something else."""
    raw = there.get(PurePosixPath(SKILL_FILE), b"")
    try:
        fields, _ = split_skill(raw.decode(errors="replace"))
    except FrontmatterError:
        fields = {}
    if fields.get("name") != name:
        raise AgentSkillError(
            f"{folder}: expected nothing, or a copy of the skill {name!r}, found something "
            "else; move it away or choose another folder"
        )
