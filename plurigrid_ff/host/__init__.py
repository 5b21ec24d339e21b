"""The plugin host; imports no torch."""
