"""The skills on offer: who provides them, and which trit each name has."""

from dataclasses import dataclass, field

from plurigrid_ff.errors import DuplicateSkillError, PluginError, TriadError, unknown_name
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.host.field import FIELD
from plurigrid_ff.host.skill import Role, Skill


@dataclass
class Registry:
    """Skills by name. The one authority on trits.

    Attributes:
        skills: Installed skills.
        providers: Name of the plugin that offers each skill.
    """

    skills: dict[str, Skill] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)

    def register(self, skill: Skill, *, provider: str) -> None:
        """Add a skill under its own name.

        Raises:
            PluginError: Not a skill, or its trit is not the field's for that name.
            DuplicateSkillError: Another plugin offers a skill of that name.
        """
        if not isinstance(skill, Skill):
            raise PluginError(f"plugin {provider!r} registers {skill!r:.80}, which is not a Skill")
        name = skill.name
        if name in self.skills:
            raise DuplicateSkillError(
                f"plugins {self.providers[name]!r} and {provider!r} both offer a skill "
                f"named {name!r}; leave one of them out, as in PLURIGRID_FF_PLUGINS=-{provider}"
            )
        known = FIELD.get(name)
        if known is not None and known.role is not skill.card.role:
            raise PluginError(
                f"plugin {provider!r} offers {name!r} with trit {format_trit(skill.card.trit)}, "
                f"but the registry's trit for that name is {format_trit(known.role)}"
            )
        self.skills[name] = skill
        self.providers[name] = provider

    @property
    def names(self) -> list[str]:
        """Every name that means something here, installed or not."""
        return sorted(self.skills.keys() | FIELD.keys())

    def role(self, name: str, *, where: str = "") -> Role:
        """Return the role of a name, installed or not.

        Raises:
            UnknownNameError: Neither installed nor one of the field's names.
        """
        if name in self.skills:
            return self.skills[name].card.role
        if name in FIELD:
            return FIELD[name].role
        raise unknown_name(
            "skill", name, self.names, where=where, remedy="is its plugin installed?"
        )

    def skill(self, name: str, *, where: str = "") -> Skill:
        """Return an installed skill.

        Raises:
            UnknownNameError: A name that means nothing here.
            TriadError: One of the field's names that no installed plugin provides.
        """
        role = self.role(name, where=where)
        if name not in self.skills:
            raise TriadError(
                f"{where}{name!r} ({role.slot}, trit {format_trit(role)}) is not installed: "
                "no plugin here provides it; see `plurigrid-ff skills`"
            )
        return self.skills[name]
