"""Messages of the library, in the words of this door."""

import re

from pydantic import BaseModel

from plurigrid_ff.text import printable


def reworded(message: str, arguments: type[BaseModel]) -> str:
    """Name a tool's arguments where the message names options of the command line.

    ``--resume to go on`` becomes ``resume=true to go on``, ``another --out`` becomes
    ``another out``. Options that are no arguments of the tool stay.
    """

    def argument(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        field = arguments.model_fields.get(name)
        if field is None:
            return match[0]
        return f"{name}=true" if field.annotation is bool else name

    return printable(re.sub(r"--([a-z]+(?:-[a-z]+)*)", argument, message))
