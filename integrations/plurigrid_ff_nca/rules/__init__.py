"""Discrete cellular automata: rules, their notation, and rules learned from observations."""
