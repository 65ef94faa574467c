"""JSON schemas of frozen rows, by the same rules as they are written (`hms.web.encoding`)."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime, time
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from hms.web.encoding import camel, field_types

Schema = dict[str, Any]

_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    UUID: {"type": "string", "format": "uuid"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time", "pattern": r"\.\d{3}Z$"},
    time: {"type": "string", "pattern": r"^\d\d:\d\d$"},
    NoneType: {"type": "null"},
    None: {"type": "null"},
    Any: {},
    object: {},
    dict: {"type": "object"},
}


class Components:
    """The named schemas of a document."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._owners: dict[str, Any] = {}

    def add_all(self, schemas: Mapping[str, Schema]) -> None:
        """Take named schemas that were made elsewhere."""
        self.schemas.update(schemas)
        self._owners.update(dict.fromkeys(schemas, "a request's model"))

    def of(self, hint: Any) -> Schema:
        """Return the schema of a type; rows and enumerations become components."""
        if hint in _SIMPLE:
            return dict(_SIMPLE[hint])
        origin, arguments = get_origin(hint), get_args(hint)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._enumeration(hint)
        if is_dataclass(origin or hint):
            return self._component(_name(hint), hint, lambda: self._row(hint))
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in {Union, UnionType}:
            return _one_of([self.of(argument) for argument in arguments])
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
            return {"type": "array", "items": self.of(arguments[0])}
        raise TypeError(f"No schema is known for {hint!r}. Answer with a frozen dataclass of plain values.")

    def _enumeration(self, hint: type[Enum]) -> Schema:
        name, values = hint.__name__, [member.value for member in hint]
        if self.schemas.get(name, {}).get("enum") == values:  # a request's model has brought the same list along
            self._owners[name] = hint
        return self._component(name, hint, lambda: {"type": "string", "enum": values})

    def _component(self, name: str, owner: Any, make: Any) -> Schema:
        if name not in self.schemas:
            self.schemas[name], self._owners[name] = {}, owner
            self.schemas[name].update(make())
        elif self._owners[name] != owner:
            raise ValueError(f"Two things are called {name} in the document: give {owner!r} a name of its own.")
        return {"$ref": f"#/components/schemas/{name}"}

    def _row(self, hint: Any) -> Schema:
        names, hints = field_types(hint)
        words = (get_origin(hint) or hint).__doc__ or ""
        described: Schema = {
            "type": "object",
            "properties": {camel(name): self.of(hints[name]) for name in names},
            "required": [camel(name) for name in names],
            "additionalProperties": False,
        }
        if words and not words.startswith(f"{_name(hint)}("):
            described["description"] = " ".join(words.split())
        return described


def _name(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is None:
        return str(hint.__name__)
    return f"{origin.__name__}Of" + "And".join(str(argument.__name__) for argument in get_args(hint))


def _one_of(schemas: list[Schema]) -> Schema:
    if all(set(schema) == {"type"} for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    null = {"type": "null"}
    if null in schemas and len(schemas) == 2:
        other = next(schema for schema in schemas if schema != null)
        if "$ref" not in other and isinstance(other.get("type"), str):
            return other | {"type": [other["type"], "null"]}
    return {"anyOf": schemas}
