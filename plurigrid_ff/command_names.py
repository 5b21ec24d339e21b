"""The commands that come with the library, in the order of a user's day, and what each does.

A plugin's command may have none of these names.
"""

COMMANDS = {
    "train": "Train a network, alone or through a triad, and write a run folder.",
    "recipes": "List and show recipes: settings with a source, and what they reached.",
    "reproduce": "Train a recipe on several seeds, beside backprop and what was published.",
    "profile": "Measure speed and memory of a run file, beside backprop of the same shape.",
    "replay": "Derive a finished run again from its settings, and compare every step.",
    "adapt": "Go on learning: classes that arrive in turns, and streams that drift.",
    "evaluate": "Measure a trained network on labelled samples.",
    "predict": "Label samples with a trained network.",
    "export": "Write a trained network for another runtime: C, ONNX, safetensors.",
    "triads": "List, check, compose, draw, lint and run triads of skills.",
    "skills": "List the skills of triads: role, trit, ports, and whether they are installed.",
    "objectives": "List local objectives: what each tells apart, its options and its paper.",
    "plugins": "List the plugins that are installed, and why one did not load.",
    "plugin": "Start a plugin of your own: a package of files whose tests pass.",
    "skill": "Install the skill that teaches coding agents (Claude, Codex, ...) these commands.",
    "doctor": "Show versions, device, data sets found and plugins that failed.",
}
