"""Triads as data: one TOML file each, read through importlib.resources."""
