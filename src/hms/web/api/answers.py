"""What handlers give back, and the envelope that it leaves in."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, get_args, get_origin
from uuid import UUID

import orjson

from hms.domain.errors import Code, Detail, DomainError
from hms.web.encoding import dumps, encoder_of

Row = TypeVar("Row")
Extra = TypeVar("Extra")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One part of a list; ``next_cursor`` is None at its end."""

    rows: Sequence[Row]
    next_cursor: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class Warned(Generic[Row, Extra]):
    """A result with a warning beside it, if there is something to warn of."""

    data: Row
    warning: Extra | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer that is JSON already: the first one given to a repeated request."""

    text: bytes


Renderer = Callable[[Any], bytes]


def renderer_of(hint: Any) -> Renderer:
    """Build what turns a handler's result, of the type it declares, into the envelope's bytes."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Page:
        return _page_renderer(arguments[0])
    if origin is Warned:
        return _warned_renderer(arguments[0], arguments[1])
    encode = encoder_of(hint)
    if encode is None:
        return lambda value: dumps({"success": True, "data": value})
    return lambda value: dumps({"success": True, "data": encode(value)})


def _page_renderer(row: Any) -> Renderer:
    encode = encoder_of(list[row])

    def render(page: Page[Any]) -> bytes:
        meta = {"nextCursor": page.next_cursor, "limit": page.limit}
        rows = encode(page.rows) if encode else list(page.rows)
        return dumps({"success": True, "data": rows, "meta": meta})

    return render


def _warned_renderer(row: Any, extra: Any) -> Renderer:
    encode, encode_extra = encoder_of(row), encoder_of(extra)

    def render(result: Warned[Any, Any]) -> bytes:
        body: dict[str, Any] = {"success": True, "data": encode(result.data) if encode else result.data}
        if result.warning is not None:
            body["warning"] = encode_extra(result.warning) if encode_extra else result.warning
        return dumps(body)

    return render


def page_of(rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[object]]) -> Page[Row]:
    """Cut a page out of up to ``limit + 1`` rows; ``key`` gives the values after which the next page begins."""
    more = len(rows) > limit
    shown = rows[:limit]
    return Page(shown, cursor_of(key(shown[-1])) if more else None, limit)


def cursor_of(values: Sequence[object]) -> str:
    """Write the values of a row's sort key as an opaque word."""
    return base64.urlsafe_b64encode(dumps(list(values))).rstrip(b"=").decode()


def read_cursor(cursor: str | None, read: Callable[..., Extra]) -> Extra | None:
    """Read a cursor back by ``read(*values)``; raise VALIDATION for one that we did not make."""
    if cursor is None:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return read(*values)
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError) as error:
        reason = "is not one that an earlier answer gave"
        raise DomainError(Code.VALIDATION, f"The cursor {reason}.", [Detail("cursor", reason)]) from error


class Named(Protocol):
    """A row of a list that is sorted by name."""

    @property
    def id(self) -> UUID:
        """Tell rows of the same name apart."""
        ...

    @property
    def first_name(self) -> str:
        """Sort second by it."""
        ...

    @property
    def last_name(self) -> str:
        """Sort first by it."""
        ...


def name_of(row: Named) -> tuple[str, str, UUID]:
    """Return the sort key of a list that is sorted by name."""
    return row.last_name, row.first_name, row.id


def after_name(last_name: str, first_name: str, row_id: str) -> tuple[str, str, UUID]:
    """Read that key back from a cursor's values."""
    return str(last_name), str(first_name), UUID(row_id)
