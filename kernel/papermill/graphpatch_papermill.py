"""Teaches papermill to write parameters in TypeScript: `papermill in.ipynb out.ipynb -p layer 5`.

papermill knows languages by a table of its own and loads only engines from other packages. So this registers the language when its
engine, which is papermill's own, is loaded.
"""
from __future__ import annotations

import json
import math
import re
from typing import Any

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

__all__ = ["NBClientEngine", "TypeScriptTranslator"]

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*\Z", re.ASCII)
_DECLARATION = re.compile(
    r"^\s*(?:const|let|var)\s+(?P<name>[A-Za-z_$][\w$]*)\s*(?::\s*(?P<type>[^=]+?))?\s*=\s*(?P<default>.+?);?\s*(?://\s*(?P<help>.*))?$",
    re.ASCII,
)
# Above this a number of JavaScript's is not exact.
_EXACT = 2**53


class TypeScriptTranslator(Translator):
    """Values as constants: `const dtype = "float16"` keeps the type "float16", which options ask for."""

    @classmethod
    def translate_none(cls, val: None) -> str:
        return "null"

    @classmethod
    def translate_str(cls, val: str) -> str:
        return json.dumps(val)

    translate_escaped_str = translate_str

    @classmethod
    def translate_int(cls, val: int) -> str:
        return str(val) if abs(val) <= _EXACT else f"{val}n"

    @classmethod
    def translate_float(cls, val: float) -> str:
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_list(cls, val: list[Any]) -> str:
        return f"[{', '.join(map(cls.translate, val))}]"

    @classmethod
    def translate_dict(cls, val: dict[str, Any]) -> str:
        # In brackets, because a plain "__proto__" would not be a property.
        parts = (f"[{json.dumps(str(key))}]: {cls.translate(one)}" for key, one in val.items())
        return f"{{ {', '.join(parts)} }}" if val else "{}"

    @classmethod
    def translate(cls, val: Any) -> str:
        # Dates and other values that YAML knows, as text.
        known = val is None or isinstance(val, (str, bool, int, float, dict, list))
        return super().translate(val if known else str(val))

    @classmethod
    def comment(cls, cmt_str: str) -> str:
        return f"// {' '.join(cmt_str.split())}"

    @classmethod
    def assign(cls, name: str, str_val: str) -> str:
        if not _IDENTIFIER.match(name):
            raise ValueError(f"parameter {name!r}: not a name of a variable in TypeScript")
        return f"const {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell: Any) -> list[Parameter]:
        """Parameters with their types and defaults, for `papermill --help-notebook`: declarations of one line."""
        found = filter(None, map(_DECLARATION.match, parameters_cell["source"].splitlines()))
        return [
            Parameter(
                name=match["name"],
                inferred_type_name=match["type"] or "None",
                default=match["default"],
                help=match["help"] or "",
            )
            for match in found
        ]


papermill_translators.register("typescript", TypeScriptTranslator)
