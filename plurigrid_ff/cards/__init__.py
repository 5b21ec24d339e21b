"""Collections of skill cards (``SKILL.md``): what they claim, and where it clashes.

Cards are read, never trusted: sizes are bounded, links are not followed, and whatever cannot be
read becomes a finding with its file and line.
"""
