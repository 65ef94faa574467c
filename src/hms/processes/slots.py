"""Read a doctor's slots, generating on the spot the days that nobody has looked at yet (rules §2)."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from hms.access.actors import Actor
from hms.queries import slots as queries
from hms.queries.slots import SlotRow
from hms.runtime import Runtime
from hms.services import slots


def of_day(runtime: Runtime, actor: Actor, doctor_id: UUID, day: date) -> list[SlotRow]:
    """Return a doctor's slots of a day; a day within the horizon that has none is generated first."""
    return of_range(runtime, actor, doctor_id, day, day)


def of_range(runtime: Runtime, actor: Actor, doctor_id: UUID, first: date, last: date) -> list[SlotRow]:
    """Return a doctor's slots from ``first`` to ``last``; empty days within the horizon are generated first."""
    now = runtime.clocks.hospital.now()
    rows = runtime.ask(queries.of_range, actor, doctor_id, first, last, now)
    if _days(rows) > (last - first).days:
        return rows
    missing = runtime.read(queries.days_to_generate, actor, doctor_id, first, last, now)
    if not missing:
        return rows
    runtime.transact(actor, slots.ensure_days, doctor_id, missing[0], missing[-1])
    return runtime.ask(queries.of_range, actor, doctor_id, first, last, now)


def _days(rows: Iterable[SlotRow]) -> int:
    return len({row.slot_date for row in rows})
