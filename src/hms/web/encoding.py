"""From frozen rows to JSON: camelCase names, UTC instants with milliseconds, wall times "09:00".

An encoder is built once from a type, so that rendering a row looks at no type again: orjson writes what it can, and
only the fields that it would write otherwise are touched. Instants and wall times are remembered: they are what costs
most, and the same ones leave again and again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import orjson

Encoder = Callable[[Any], Any]

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def dumps(value: object) -> bytes:
    """Write JSON; rows and instants within values of no declared type are written the same way, only slower."""
    return orjson.dumps(value, _encode_untyped, _OPTIONS)


def camel(name: str) -> str:
    """Turn ``slot_date`` into ``slotDate``; a trailing underscore, which avoids a keyword, goes."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def instant(value: datetime) -> str:
    """Write an instant in UTC with milliseconds and Z; UTC ones, as rows carry them, need no conversion."""
    if value.tzinfo is not UTC and value.utcoffset() != timedelta(0):
        raise ValueError(f"Instants leave in UTC, but this one has another offset: {value.isoformat()}")
    return _utc_text(value)


@lru_cache(maxsize=4096)
def _utc_text(value: datetime) -> str:
    return f"{value.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


@lru_cache(maxsize=1440)
def wall_time(value: time) -> str:
    """Write a wall time as hours and minutes."""
    return value.isoformat(timespec="minutes")


def encoder_of(hint: Any) -> Encoder | None:
    """Return the encoder of a type; None when orjson writes it right by itself."""
    return _built(hint)


@cache
def _built(hint: Any) -> Encoder | None:
    if isinstance(hint, type) and is_dataclass(hint):
        return _row_encoder(hint)
    simple = _SIMPLE.get(hint)
    if simple is not None:
        return simple
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _optional_encoder(arguments)
    if isinstance(origin, type) and is_dataclass(origin):
        return _row_encoder(hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_encoder(arguments)
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
        return _list_encoder(arguments[0])
    return None


def _row_encoder(hint: Any) -> Encoder:
    names, hints = field_types(hint)
    if not names:
        return lambda _row: {}
    pick = attrgetter(*names)
    keys = tuple(camel(name) for name in names)
    special = [(key, one) for key, name in zip(keys, names, strict=True) if (one := encoder_of(hints[name]))]
    if len(names) == 1:
        key, one = keys[0], special[0][1] if special else None
        return lambda row: {key: one(pick(row)) if one else pick(row)}

    def encode(row: Any) -> dict[str, Any]:
        values = dict(zip(keys, pick(row), strict=True))
        for key, one in special:
            values[key] = one(values[key])
        return values

    return encode


def field_types(hint: Any) -> tuple[list[str], dict[str, Any]]:
    """Return the public field names of a dataclass, or of one with its type arguments filled in, and their types."""
    origin = get_origin(hint) or hint
    filled = dict(zip(getattr(origin, "__parameters__", ()), get_args(hint), strict=False))
    names = [f.name for f in fields(origin) if not f.name.startswith("_")]
    hints = get_type_hints(origin)
    return names, {name: _fill(hints[name], filled) for name in names}


def _fill(hint: Any, filled: dict[Any, Any]) -> Any:
    if hint in filled:
        return filled[hint]
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(filled.get(p, p) for p in parameters)] if parameters else hint


def _optional_encoder(arguments: tuple[Any, ...]) -> Encoder | None:
    inner = [encoder_of(argument) for argument in arguments if argument is not NoneType]
    if not any(inner):
        return None
    if len(inner) > 1:
        return _encode_any
    one = inner[0]
    return lambda value: None if value is None or one is None else one(value)


def _mapping_encoder(arguments: tuple[Any, ...]) -> Encoder:
    one = encoder_of(arguments[1])
    return lambda mapping: {_key(key): one(value) if one else value for key, value in mapping.items()}


def _list_encoder(item: Any) -> Encoder:
    one = encoder_of(item)
    return list if one is None else lambda rows: [one(row) for row in rows]


def _key(key: Any) -> str:
    return str(key.value) if isinstance(key, Enum) else str(key)


def _encode_any(value: Any) -> Any:
    encode = encoder_of(type(value))
    return encode(value) if encode else value


def _encode_untyped(value: Any) -> Any:
    encode = encoder_of(type(value))
    if encode is None:
        if isinstance(value, Mapping):
            return {_key(key): item for key, item in value.items()}
        if isinstance(value, Sequence | set | frozenset):
            return list(value)
        raise TypeError(f"No JSON form is known for {type(value).__name__}.")
    return encode(value)


_SIMPLE: dict[Any, Encoder] = {
    datetime: instant,
    date: date.isoformat,
    time: wall_time,
    Any: _encode_any,
    object: _encode_any,
}
