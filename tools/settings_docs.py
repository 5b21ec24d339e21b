"""Shows the fields of settings in the reference, by their descriptions; mkdocs.yml names this file.

``epochs: int = Field(20, description="Passes.")`` reads as ``epochs: int = 20``, "Passes.".
"""

import ast
from typing import Any

from griffe import Attribute, Docstring, Extension


class FieldDescriptions(Extension):
    """Takes docstring and default of an attribute out of its ``Field(...)``."""

    def on_attribute_instance(self, *, node: ast.AST | Any, attr: Attribute, **_: Any) -> None:
        """Look at one attribute, as it was read from the source."""
        call = getattr(node, "value", None)
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "Field"):
            return
        given = {word.arg: word.value for word in call.keywords}
        description = given.get("description")
        if isinstance(description, ast.Constant) and isinstance(description.value, str):
            attr.docstring = Docstring(description.value, parent=attr)
        default = call.args[0] if call.args else given.get("default_factory")
        attr.value = ast.unparse(default) if default is not None else None
