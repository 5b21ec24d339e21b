"""What the sheaf skills are worth on societies of Forward-Forward agents, and what they cost."""
