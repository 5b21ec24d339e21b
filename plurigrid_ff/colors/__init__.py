"""Colours: spaces, seeded schemes, colour vision, and the colours of roles and agents."""
