"""The skill that teaches coding agents this command line: find it, check it, copy it."""
