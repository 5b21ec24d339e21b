"""Learning with integers: int8 networks, their exact arithmetic, and the C that repeats it."""
