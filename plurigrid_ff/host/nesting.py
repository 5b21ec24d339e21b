"""Compositions of triads: side by side, within each other, and one after the other.

Every composition has a *sum* in GF(3), that of its skills. A triad of three parts is strict if
the sums of its parts are -1, 0 and +1, whatever the parts are made of; so a part may be
replaced by any other of the same sum, and no sum above it changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from plurigrid_ff.config import Triad, read_toml
from plurigrid_ff.errors import RunFolderError, TriadError, unknown_name
from plurigrid_ff.files import write_text
from plurigrid_ff.gf3 import add, format_trit, is_strict
from plurigrid_ff.host.expressions import (
    MAX_DEPTH,
    Expression,
    Name,
    Product,
    Sequence,
    format_expression,
    parse_expression,
)
from plurigrid_ff.host.parts import Composition, CompositionFile, Part, walk
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role
from plurigrid_ff.host.triad import SLOTS, shipped_triads
from plurigrid_ff.host.wiring import wiring_faults

MAX_SKILLS = 3**8
_TRITS = {"-1": -1, "\u22121": -1, "0": 0, "1": 1, "+1": 1}


def compose(
    text: str,
    registry: Registry,
    *,
    folder: Path | None = None,
    locate: Callable[[Path], Path] = Path,
) -> Composition:
    """Evaluate an expression: its sum, and of every triad within, whether it is strict.

    Args:
        text: An expression of skills, shipped triads and TOML files of triads or compositions.
        registry: Knows the trit of every skill. ``NAME@TRIT`` gives one to a name that it
            does not know, and is refused where it contradicts it.
        folder: Where relative paths in the expression start; the working folder if None.
        locate: Told of every file before it is read, and returns the path to read; it may raise
            to refuse the file.

    Raises:
        TriadError: It is malformed, too deep, refers to itself, or a sequence holds a lone skill.
        UnknownNameError: A name that means nothing here.
        ConfigError: A file that is neither a triad nor a composition.
    """
    expression = parse_expression(text)
    root = _Evaluation(registry, locate).evaluate(expression, _Scope(folder or Path()), ())
    triads = [part for part in walk(root) if part.kind == "triad"]
    return Composition(
        expression=format_expression(expression),
        trit_sum=root.trit_sum,
        balanced=root.trit_sum == 0,
        strict=bool(triads) and all(part.strict for part in triads),
        skills=root.skills,
        depth=root.depth,
        root=root,
    )


def write_composition(
    name: str, expression: str, path: Path, *, overwrite: bool = False
) -> CompositionFile:
    """Write a composition as a TOML file that an expression can name.

    Raises:
        RunFolderError: The file exists and ``overwrite`` is False.
        ConfigError: The name is not in kebab-case.
    """
    import tomli_w

    if path.exists() and not overwrite:
        raise RunFolderError(f"{path}: exists; --overwrite to replace it")
    written = CompositionFile.parse({"name": name, "expression": expression}, where=str(path))
    write_text(path, tomli_w.dumps(written.model_dump(exclude={"parts"})))
    return written


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names mean within one file.

    Attributes:
        folder: Where its relative paths start.
        parts: Expressions by the names that the file gives them.
        where: The file, for errors.
    """

    folder: Path
    parts: dict[str, str] = field(default_factory=dict)
    where: str = ""


@dataclass
class _Evaluation:
    """One evaluation, which counts the skills it meets and how deep it is."""

    registry: Registry
    locate: Callable[[Path], Path]
    triads: dict[str, Triad] = field(default_factory=shipped_triads)
    count: int = 0
    depth: int = 0

    def evaluate(self, expression: Expression, scope: _Scope, path: tuple[str, ...]) -> Part:
        """Evaluate an expression.

        Args:
            expression: The expression.
            scope: What its names mean.
            path: Parts and files that are being evaluated, outermost first.
        """
        match expression:
            case Name(text):
                return self._name(text, scope, path)
            case Product(parts):
                return self._triad(self._parts(parts, scope, path), format_expression(expression))
            case Sequence(parts):
                return _sequence(self._parts(parts, scope, path), format_expression(expression))

    def _parts(
        self, parts: tuple[Expression, ...], scope: _Scope, path: tuple[str, ...]
    ) -> tuple[Part, ...]:
        """Evaluate the parts of a triad or a sequence, across files no deeper than within one."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep()
        inner = tuple(self.evaluate(part, scope, path) for part in parts)
        self.depth -= 1
        return inner

    def _name(self, text: str, scope: _Scope, path: tuple[str, ...]) -> Part:
        """Look a name up: a part of the file, a file, a skill, a triad."""
        if text in scope.parts:
            self._require_unshadowed(text, scope)
            expression = parse_expression(scope.parts[text], where=f"{scope.where}: parts.{text}")
            inner = self.evaluate(expression, scope, _entered(path, f"{scope.where}: {text}"))
            return inner.model_copy(update={"name": text})
        if text.endswith(".toml"):
            return self._file(self.locate(scope.folder / text), path)
        name, sign, trit = text.rpartition("@")
        if sign:
            return self._skill(name, scope, trit)
        if text in self.triads and text not in self.registry.names:
            return self._named_triad(self.triads[text])
        return self._skill(text, scope)

    def _require_unshadowed(self, name: str, scope: _Scope) -> None:
        """Refuse a part under a name that means something already."""
        if name in self.registry.names or name in self.triads:
            kind = "skill" if name in self.registry.names else "triad"
            raise TriadError(
                f"{scope.where}: parts.{name}: is the name of a {kind}; give the part another name"
            )

    def _file(self, file: Path, path: tuple[str, ...]) -> Part:
        """Evaluate a file, which holds a triad or a composition."""
        values = read_toml(file)
        if "expression" not in values:
            return self._named_triad(Triad.parse(values, where=str(file)))
        held = CompositionFile.parse(values, where=str(file))
        expression = parse_expression(held.expression, where=f"{file}: expression")
        scope = _Scope(file.parent, held.parts, str(file))
        inner = self.evaluate(expression, scope, _entered(path, str(file.resolve())))
        return inner.model_copy(update={"name": held.name})

    def _named_triad(self, triad: Triad) -> Part:
        """Evaluate a triad of a file, whose slots are named."""
        where = f"triad {triad.name!r}"
        inner = []
        for role in Role:
            name = str(getattr(triad, role.slot))
            found = self.registry.role(name, where=f"{where}: ")
            if found is not role:
                raise TriadError(
                    f"{where}: {name!r} is a {found.slot}, but it fills the {role.slot} slot"
                )
            inner.append(self._skill(name, _Scope(Path())))
        return self._triad(tuple(inner), triad.name)

    def _skill(self, name: str, scope: _Scope, binding: str | None = None) -> Part:
        """Make the part that is one skill; a binding may give an unknown name its trit."""
        self.count += 1
        if self.count > MAX_SKILLS:
            raise TriadError(f"composition: more than {MAX_SKILLS} skills in all")
        trit = int(self._role(name, scope)) if binding is None else self._bound(name, binding)
        bound = name not in self.registry.names
        return Part(name=name, kind="skill", trit_sum=trit, skills=1, bound=bound)

    def _role(self, name: str, scope: _Scope) -> Role:
        """Look a role up, suggesting parts and triads too."""
        if name not in self.registry.names:
            known = {*self.registry.names, *self.triads, *scope.parts}
            where = f"{scope.where}: " if scope.where else ""
            remedy = "is its plugin installed? NAME@TRIT gives an unknown skill its trit"
            raise unknown_name("skill or triad", name, known, where=where, remedy=remedy)
        return self.registry.role(name)

    def _bound(self, name: str, binding: str) -> int:
        """Read ``NAME@TRIT``; the registry's trit of a name it knows stays."""
        if binding not in _TRITS or not name:
            raise TriadError(f"{name}@{binding}: expected NAME@-1, NAME@0 or NAME@+1")
        trit = _TRITS[binding]
        if name in self.registry.names and int(self.registry.role(name)) != trit:
            raise TriadError(
                f"{name}@{binding}: the registry's trit of {name!r} is "
                f"{format_trit(self.registry.role(name))}; it is the one authority"
            )
        return trit

    def _triad(self, parts: tuple[Part, ...], name: str) -> Part:
        """Put three parts side by side; strict ones are sorted into their slots."""
        sums = [part.trit_sum for part in parts]
        strict = is_strict(sums)
        if strict:
            parts = tuple(sorted(parts, key=lambda part: part.trit_sum))
        faults = self._port_faults(parts) if strict else None
        return Part(
            name=name,
            kind="triad",
            trit_sum=add(sums),
            skills=sum(part.skills for part in parts),
            strict=strict,
            well_typed=None if faults is None else not faults,
            faults=tuple(faults or ()),
            parts=parts,
        )

    def _port_faults(self, parts: tuple[Part, ...]) -> list[str] | None:
        """Check ports; None unless the parts are three installed skills."""
        if any(part.name not in self.registry.skills for part in parts):
            return None
        names = [part.name for part in parts]
        return wiring_faults(
            {role: self.registry.skill(name).card for role, name in zip(Role, names, strict=True)}
        )


def _entered(path: tuple[str, ...], step: str) -> tuple[str, ...]:
    """Step into a part or a file.

    Raises:
        TriadError: It is being evaluated already, or lies too deep.
    """
    if step in path:
        cycle = (*path[path.index(step) :], step)
        raise TriadError(f"composition: refers to itself: {' -> '.join(cycle)}")
    if len(path) >= MAX_DEPTH:
        raise _too_deep()
    return (*path, step)


def _too_deep() -> TriadError:
    """Build the error for parts that lie too deep within each other."""
    return TriadError(
        f"composition: more than {MAX_DEPTH} parts within each other; name fewer files or parts "
        "from one another"
    )


def _sequence(parts: tuple[Part, ...], name: str) -> Part:
    """Put parts one after the other."""
    for part in parts:
        if part.kind == "skill":
            raise TriadError(
                f"composition: 'then' joins triads, but {part.name!r} is a skill; "
                f"make a triad of it with {_others(part.trit_sum)}"
            )
    return Part(
        name=name,
        kind="sequence",
        trit_sum=add(part.trit_sum for part in parts),
        skills=sum(part.skills for part in parts),
        parts=parts,
    )


def _others(trit: int) -> str:
    """Name the two slots that a skill leaves open."""
    return " and ".join(f"a {slot}" for slot in SLOTS if slot != Role(trit).slot)
