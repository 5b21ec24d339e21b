"""What makes a folder an Agent Skill: the format's rules, and sizes that clients expect.

Names, fields and lengths are those of the reference validator, ``agentskills validate``
(PyPI ``skills-ref`` 0.1.1), but for names in other letters than a to z, which it takes and
some clients do not. It checks neither links, nor sizes, nor the types of metadata; those
checks are added here.
"""

import re
import unicodedata
from pathlib import Path, PurePosixPath

from pydantic import computed_field

from plurigrid_ff.agents.folder import SKILL_FILE, SkillFiles, read_skill_files
from plurigrid_ff.agents.frontmatter import Fields, FrontmatterError, split_skill
from plurigrid_ff.config import Settings

FIELDS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
MAX_NAME = 64
MAX_DESCRIPTION = 1024
MAX_COMPATIBILITY = 500
MAX_BODY_LINES = 500
MAX_BODY_TOKENS = 5000
CHARACTERS_PER_TOKEN = 4  # of English text, roughly: no tokenizer is at hand

_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!\w[\w+.-]*:|#)([^)#\s]+)")


class Fault(Settings):
    """One thing that keeps a folder from being a skill."""

    where: str
    message: str


class SkillCheck(Settings):
    """What ``plurigrid-ff skill validate`` finds."""

    folder: str
    name: str | None
    files: int
    faults: tuple[Fault, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def valid(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def validate_skill(folder: Path) -> SkillCheck:
    """Check a skill folder.

    Raises:
        AgentSkillError: It cannot be read as one: no folder, a link in it, too large.
    """
    folder = folder.absolute()
    files = read_skill_files(folder)
    faults: list[Fault] = []
    name = None
    raw = files.get(PurePosixPath(SKILL_FILE))
    if raw is None:
        faults.append(Fault(where=SKILL_FILE, message="is missing; every skill has one"))
    else:
        try:
            fields, body = split_skill(raw.decode())
        except UnicodeDecodeError as error:
            faults.append(Fault(where=SKILL_FILE, message=f"is not UTF-8: {error.reason}"))
        except FrontmatterError as error:
            faults.append(Fault(where=SKILL_FILE, message=str(error)))
        else:
            found = fields.get("name")
            name = found if isinstance(found, str) else None
            faults += check_fields(fields, folder.name)
            faults += check_body(body)
    faults += check_links(files)
    faults += check_depth(files)
    return SkillCheck(folder=str(folder), name=name, files=len(files), faults=tuple(faults))


def check_fields(fields: Fields, folder_name: str) -> list[Fault]:
    """Check the frontmatter."""
    faults = [
        Fault(where=key, message=f"is no field of a skill; allowed: {', '.join(FIELDS)}")
        for key in fields
        if key not in FIELDS
    ]
    faults += [
        Fault(where=key, message="is missing; every skill has one")
        for key in ("name", "description")
        if key not in fields
    ]
    for key, value in fields.items():
        if key == "metadata":
            if not isinstance(value, dict):
                message = "expected indented keys with texts, as in '  version: \"1.0\"'"
                faults.append(Fault(where=key, message=message))
        elif key in FIELDS:
            faults += check_text(key, value)
    name = fields.get("name")
    if isinstance(name, str) and name:
        faults += check_name(name, folder_name)
    return faults


def check_text(key: str, value: str | dict[str, str]) -> list[Fault]:
    """Check that a field is a text within its limit."""
    if not isinstance(value, str) or not value.strip():
        return [Fault(where=key, message="expected a text, found none")]
    limit = {"description": MAX_DESCRIPTION, "compatibility": MAX_COMPATIBILITY}.get(key)
    if limit is not None and len(value) > limit:
        return [Fault(where=key, message=f"at most {limit} characters, got {len(value)}")]
    return []


def check_name(name: str, folder_name: str) -> list[Fault]:
    """Check the name, and that the folder bears it."""
    name = unicodedata.normalize("NFKC", name)
    messages = []
    if len(name) > MAX_NAME:
        messages.append(f"at most {MAX_NAME} characters, got {len(name)}")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        messages.append(
            f"expected a-z, 0-9 and single hyphens between them, as in my-skill, got {name!r}"
        )
    if unicodedata.normalize("NFKC", folder_name) != name:
        messages.append(f"{name!r} must be the folder's name, which is {folder_name!r}")
    return [Fault(where="name", message=message) for message in messages]


def check_body(body: str) -> list[Fault]:
    """Check that there is a body, and that it is short enough to be read whole."""
    if not body.strip():
        return [Fault(where=SKILL_FILE, message="has no text below its frontmatter")]
    faults = []
    lines = len(body.splitlines())
    if lines > MAX_BODY_LINES:
        faults.append(f"at most {MAX_BODY_LINES} lines below the frontmatter, got {lines}")
    tokens = -(-len(body) // CHARACTERS_PER_TOKEN)
    if tokens > MAX_BODY_TOKENS:
        faults.append(f"at most about {MAX_BODY_TOKENS} tokens, got about {tokens}")
    advice = "; move details to references/"
    return [Fault(where=SKILL_FILE, message=message + advice) for message in faults]


def check_links(files: SkillFiles) -> list[Fault]:
    """Check that links in Markdown lead to files of the skill."""
    faults = []
    for path, raw in files.items():
        if path.suffix.lower() != ".md":
            continue
        for link in _LINK.findall(_CODE.sub("", raw.decode(errors="replace"))):
            target = _resolve(path.parent, link)
            if target is None:
                faults.append(Fault(where=str(path), message=f"{link!r} leads out of the skill"))
            elif target not in files:
                faults.append(Fault(where=str(path), message=f"{link!r} leads to no file"))
    return faults


def check_depth(files: SkillFiles) -> list[Fault]:
    """Check that references lie one level deep, where clients look for them."""
    return [
        Fault(where=str(path), message="references/ holds files, not folders")
        for path in files
        if path.parts[0] == "references" and len(path.parts) > 2
    ]


def _resolve(base: PurePosixPath, link: str) -> PurePosixPath | None:
    """Follow a relative link by its text alone; None where it leaves the folder."""
    if link.startswith("/"):
        return None
    parts = list(base.parts)
    for part in PurePosixPath(link).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)
