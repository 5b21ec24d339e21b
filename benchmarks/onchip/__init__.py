"""What networks learn in integers, in the C that a device runs."""
