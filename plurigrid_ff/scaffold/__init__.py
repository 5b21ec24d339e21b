"""A new plugin as a package of files: from templates to a folder whose tests pass."""

import re
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from plurigrid_ff import __version__
from plurigrid_ff.config import SKILL_NAME, Settings
from plurigrid_ff.errors import ScaffoldError
from plurigrid_ff.files import folder_written_beside
from plurigrid_ff.host.field import FIELD
from plurigrid_ff.host.hook_versions import HOOKS_VERSION

if TYPE_CHECKING:
    import jinja2

Kind = Literal["validator", "coordinator", "generator", "objective"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_NAME = 40
_COMMON = {
    "pyproject.toml": "pyproject.toml.jinja",
    "README.md": "README.md.jinja",
    "tests/test_{module}.py": "test_{family}.py.jinja",
}
_SKILL = {"{module}/__init__.py": "{kind}.py.jinja"}
_OBJECTIVE = {
    "{module}/__init__.py": "register_objective.py.jinja",
    "{module}/objective.py": "objective.py.jinja",
}


class NewPlugin(Settings):
    """What was written."""

    name: str
    kind: Kind
    module: str
    folder: str
    files: tuple[str, ...]


def write_plugin(name: str, kind: Kind, out: Path | None = None) -> NewPlugin:
    """Write a plugin that offers one skill or one objective, and tests that pass.

    Args:
        name: Name of the skill or objective: lower-case words joined by hyphens.
        kind: The skill's role, or ``objective``.
        out: Folder to make; ``plurigrid_ff_NAME`` in the working directory if there is none.

    Raises:
        ScaffoldError: A name that cannot be used, or a folder that is there already.
    """
    check_name(name, kind)
    module = f"plurigrid_ff_{name.replace('-', '_')}"
    folder = out or Path(module)
    if folder.exists() or folder.is_symlink():
        raise ScaffoldError(f"{folder}: is there already; choose another --out, or remove it")
    if find_spec(module) is not None:
        raise ScaffoldError(f"plugin {name!r}: a package {module} is installed; take another name")
    family = "objective" if kind == "objective" else "skill"
    facts = {
        "name": name,
        "kind": kind,
        "family": family,
        "module": module,
        "distribution": f"plurigrid-ff-{name}",
        "class_name": class_name(name, kind),
        "version": __version__,
        "hooks_version": HOOKS_VERSION,
    }
    written = []
    templates = _COMMON | (_OBJECTIVE if family == "objective" else _SKILL)
    with folder_written_beside(folder) as new:
        for place, template in templates.items():
            path = new / place.format(**facts)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = _environment().get_template(template.format(**facts)).render(facts)
            path.write_text(text, encoding="utf-8")
            written.append(path.relative_to(new).as_posix())
    return NewPlugin(
        name=name, kind=kind, module=module, folder=str(folder), files=tuple(sorted(written))
    )


def check_name(name: str, kind: Kind) -> None:
    """Require a name that the host will accept.

    Raises:
        ScaffoldError: What is wrong with it, and what would do.
    """
    where = f"plugin {name!r:.80}"
    if not re.fullmatch(SKILL_NAME, name) or not name[0].isalpha() or len(name) > MAX_NAME:
        raise ScaffoldError(
            f"{where}: expected lower-case words joined by hyphens, a letter first, at most "
            f"{MAX_NAME} characters, as in 'margin-watch'"
        )
    if kind == "objective":
        from plurigrid_ff.learning.objectives import known_objectives  # torch loads here

        if name in known_objectives():
            raise ScaffoldError(f"{where}: the library has an objective of this name; add a word")
    elif name in FIELD and FIELD[name].role.slot != kind:
        raise ScaffoldError(
            f"{where}: is known as a {FIELD[name].role.slot}, not as a {kind}; "
            "take another name or that role"
        )


def class_name(name: str, kind: Kind) -> str:
    """Name the class: ``margin-watch`` is ``MarginWatchValidator``, which hides no import."""
    words = "".join(word.capitalize() for word in name.split("-"))
    last = kind.capitalize()
    return words if words.endswith(last) and words != last else words + last


@cache
def _environment() -> "jinja2.Environment":
    """Make the environment of the templates that lie beside this module."""
    import jinja2

    folder = files("plurigrid_ff.scaffold") / "templates"

    def load(name: str) -> Any:
        return (folder / name).read_text("utf-8")

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 (Python, not HTML; names are checked)
    )
