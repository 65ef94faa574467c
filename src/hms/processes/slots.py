"""Read a doctor's slots, generating on the spot the days that nobody has looked at yet (rules §2)."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from hms.access.actors import Actor
from hms.queries import free_times, hospitals
from hms.queries import slots as queries
from hms.queries.free_times import FreeTime, FreeTimeWish
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


def available(runtime: Runtime, actor: Actor, doctor_id: UUID) -> list[SlotRow]:
    """Return all slots of a doctor that can be booked now, the earliest first; missing days are generated first."""
    rules = runtime.read(hospitals.rules, actor.hospital_id)
    today = runtime.clocks.hospital.now().astimezone(rules.zone).date()
    last = today + timedelta(days=rules.policy.booking_days_ahead)
    return [row for row in of_range(runtime, actor, doctor_id, today, last) if row.is_available]


def first_free(
    runtime: Runtime, actor: Actor, specialization: str | None, first: date | None, limit: int
) -> list[FreeTime]:
    """Return the first free time of each doctor of a specialty from a day on, the earliest first."""
    now = runtime.clocks.hospital.now()
    rules = runtime.read(hospitals.rules, actor.hospital_id)
    today = now.astimezone(rules.zone).date()
    wish = FreeTimeWish(
        ends_from=now + rules.policy.rebook_buffer,
        first=max(first or today, today),
        last=today + timedelta(days=rules.policy.booking_days_ahead),
        specialization=specialization,
        limit=limit,
    )
    return runtime.read(free_times.first_free, actor, wish)


def _days(rows: Iterable[SlotRow]) -> int:
    return len({row.slot_date for row in rows})
