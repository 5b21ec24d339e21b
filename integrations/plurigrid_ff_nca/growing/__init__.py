"""Automata that grow an image from a cell, keep it, and grow it again where it is damaged."""
