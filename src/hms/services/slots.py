"""Slots: generate, regenerate, block, and let go of those that only a booking kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm.attributes import set_committed_value

from hms.access.permissions import Permission
from hms.access.scope import find, not_found
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.events import Changed
from hms.domain.intervals import Occupied, Span
from hms.domain.slots import last_day
from hms.models import Appointment, Doctor, DoctorSlot
from hms.queries import schedules
from hms.queries.slots import slotless
from hms.services.calendars import (
    add_slots,
    fill,
    lock_doctor,
    lock_doctors,
    new_slots,
    require_own_calendar,
)
from hms.transaction import Work

MAX_DAYS = 366
IDS_A_STATEMENT = 10_000
"""A year of short slots has more identifiers than an engine takes parameters."""
Instants = Span[datetime]


@dataclass(frozen=True, slots=True)
class Generate:
    """Fill a doctor's days from today; ``days`` ahead, by default the hospital's horizon."""

    doctor_id: UUID
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Generated:
    """The days looked at, and how many slots they lacked."""

    first: date
    last: date
    created: int


@dataclass(frozen=True, slots=True)
class Regenerated:
    """What became of the future slots: ``held`` and ``kept`` are as before, the others went or came."""

    held: int
    kept: int
    removed: int
    created: int


@dataclass(frozen=True, slots=True)
class BlockSlot:
    """Block one slot with a reason, or unblock it."""

    slot_id: UUID
    blocked: bool
    reason: str | None = None


def generate(work: Work, command: Generate) -> Generated:
    """Add what the doctor's days lack; running it again changes nothing. DOCTOR_NOT_FOUND, VALIDATION, FORBIDDEN."""
    work.require(Permission.GENERATE_SLOTS)
    days = work.hospital.policy.horizon_days if command.days is None else command.days
    if not 0 <= days <= MAX_DAYS:
        detail = Detail("days", f"must be between 0 and {MAX_DAYS}")
        raise DomainError(Code.VALIDATION, f"Slots can be generated for up to {MAX_DAYS} days.", [detail])
    doctor = lock_doctor(work, command.doctor_id, exclusive=False)
    first, last = work.today, work.today + timedelta(days=days)
    return Generated(first, last, _fill(work, [doctor.id], first, last))


def ensure_day(work: Work, doctor_id: UUID, day: date) -> int:
    """Add what one day lacks, within the horizon, because somebody looks at it; return how many slots came."""
    return ensure_days(work, doctor_id, day, day)


def ensure_days(work: Work, doctor_id: UUID, first: date, last: date) -> int:
    """Add what the days from ``first`` to ``last`` lack, as ``ensure_day`` does."""
    work.require(Permission.SEE_DOCTORS)
    first, last = max(first, work.today), min(last, last_day(work.today, work.hospital.policy))
    if first > last:
        return 0
    return _fill(work, [lock_doctor(work, doctor_id, exclusive=False).id], first, last)


def fill_day(work: Work, doctor_id: UUID, day: date) -> int:
    """Add what one day of a locked doctor lacks; return how many slots came."""
    return _fill(work, [doctor_id], day, day)


def fill_horizon(work: Work, doctor_ids: Collection[UUID]) -> int:
    """Add what the days of a batch of doctors lack up to the horizon; return how many slots came."""
    work.require(Permission.GENERATE_SLOTS)
    doctors = lock_doctors(work, doctor_ids, exclusive=False)
    last = work.today + timedelta(days=work.hospital.policy.horizon_days)
    return _fill(work, [doctor.id for doctor in doctors], work.today, last) if doctors else 0


def regenerate(work: Work, doctor_id: UUID) -> Regenerated:
    """Lay the doctor's future slots anew along the present week and slot length (rules §2)."""
    require_own_calendar(work, doctor_id)
    return relay(work, lock_doctor(work, doctor_id, exclusive=True))


def relay(work: Work, doctor: Doctor) -> Regenerated:
    """Lay the future slots of a doctor who is locked for change anew, down to what differs.

    Unheld ones with unchanged start and end keep id and block; other unheld ones go. Held ones stay, and new ones
    that would overlap them are left out.
    """
    first, last = work.today, _last_generated(work, doctor.id)
    held, unheld, past = _present(work, doctor.id, first)
    calendar = schedules.calendars(work.session, work.hospital, [doctor.id], first, last)[doctor.id]
    unattached = work.session.execute(slotless([doctor.id], first, last))
    taken = Occupied([*held, *past, *(Span(starts_at, ends_at) for _, starts_at, ends_at in unattached)])
    planned = [s for s in calendar.slots_between(first, last) if s.ends_at > work.now and taken.is_free(s.span)]
    wanted = {slot.span for slot in planned}
    gone = [slot_id for span, slot_id in unheld.items() if span not in wanted]
    fresh = [slot for slot in planned if slot.span not in unheld]
    for begin in range(0, len(gone), IDS_A_STATEMENT):
        work.session.execute(delete(DoctorSlot).where(DoctorSlot.id.in_(gone[begin : begin + IDS_A_STATEMENT])))
    add_slots(work, new_slots(doctor.id, calendar, fresh))
    result = Regenerated(held=len(held), kept=len(unheld) - len(gone), removed=len(gone), created=len(fresh))
    if gone or fresh:
        values = {"removed": result.removed, "created": result.created, "held": result.held}
        work.emit(Changed(entity_id=doctor.id, noun="slots", verb="regenerated", values=values))
    return result


def set_blocked(work: Work, command: BlockSlot) -> UUID:
    """Block or unblock one slot and return its id; raise SLOT_HELD for a booked one, DATE_IN_PAST for a past one."""
    work.require(Permission.EDIT_OWN_SCHEDULE)
    owner = select(DoctorSlot.doctor_id).where(
        DoctorSlot.id == command.slot_id, DoctorSlot.hospital_id == work.actor.hospital_id
    )
    doctor_id = work.session.scalar(owner)
    if doctor_id is None:
        raise not_found("Slot")
    require_own_calendar(work, doctor_id)
    lock_doctor(work, doctor_id, exclusive=False)
    slot = find(work.session, work.actor, DoctorSlot, command.slot_id, lock=True)
    if command.blocked and _is_held(work, slot.id):
        raise DomainError(
            Code.SLOT_HELD, "This time is booked and cannot be blocked. Cancel or move the appointment first."
        )
    if command.blocked and slot.ends_at <= work.now:
        raise DomainError(Code.DATE_IN_PAST, "This time is over. Only times that lie ahead can be blocked.")
    reason = (command.reason or "").strip() or None if command.blocked else None
    if (slot.blocked_manually, slot.blocked_reason) != (command.blocked, reason):
        slot.blocked_manually, slot.blocked_reason = command.blocked, reason
        work.changed("slot", "blocked" if command.blocked else "unblocked", slot, reason=reason)
    return slot.id


def freed(work: Work, appointment: Appointment) -> None:
    """Let the slot of an appointment that no longer holds it go, if only the booking had kept it.

    Call it after the state has changed, with the appointment locked and, before it, its doctor (shared), so that no
    new grid is laid meanwhile. A slot of the present grid stays, to be booked
    again; a future one outside of it vanishes, and grid slots that had been left out for it come.
    """
    if appointment.slot_id is None or appointment.holds_slot:
        return
    work.session.flush()
    if let_go(work, appointment.slot_id):
        set_committed_value(appointment, "slot_id", None)


def let_go(work: Work, slot_id: UUID) -> bool:
    """Let a slot that nobody holds any more go, if only a booking had kept it; tell whether it went.

    The appointments that point at it lose their pointer by the schema. The doctor must be locked.
    """
    slot = find(work.session, work.actor, DoctorSlot, slot_id, lock=True)
    if slot.ends_at <= work.now or _is_held(work, slot.id):
        return False
    day = slot.slot_date
    calendar = schedules.calendars(work.session, work.hospital, [slot.doctor_id], day, day)[slot.doctor_id]
    span = Span(slot.starts_at, slot.ends_at)
    if any(planned.span == span for planned in calendar.slots_of(day)):
        return False
    work.session.execute(delete(DoctorSlot).where(DoctorSlot.id == slot.id))
    work.session.expunge(slot)
    fill_day(work, slot.doctor_id, day)
    return True


def _fill(work: Work, doctor_ids: Collection[UUID], first: date, last: date) -> int:
    counts = fill(work, doctor_ids, first, last)
    generated = [
        Changed(
            entity_id=doctor_id,
            noun="slots",
            verb="generated",
            values={"created": count, "first": first, "last": last},
        )
        for doctor_id, count in counts.items()
        if count
    ]
    if generated:
        work.emit(*generated)
    return sum(counts.values())


def _last_generated(work: Work, doctor_id: UUID) -> date:
    latest = work.session.scalar(select(func.max(DoctorSlot.slot_date)).where(DoctorSlot.doctor_id == doctor_id))
    horizon = work.today + timedelta(days=work.hospital.policy.horizon_days)
    return max(latest, horizon) if latest else horizon


def _present(work: Work, doctor_id: UUID, first: date) -> tuple[list[Instants], dict[Instants, UUID], list[Instants]]:
    """Return the slots from ``first`` on: held ones, unheld ones with their ids, and those that have passed."""
    slot = DoctorSlot
    is_held = exists().where(Appointment.slot_id == slot.id, Appointment.holds_slot)
    statement = select(slot.id, slot.starts_at, slot.ends_at, is_held).where(
        slot.doctor_id == doctor_id, slot.slot_date >= first
    )
    held: list[Instants] = []
    unheld: dict[Instants, UUID] = {}
    past: list[Instants] = []
    for slot_id, starts_at, ends_at, taken in work.session.execute(statement):
        span = Span(starts_at, ends_at)
        if ends_at <= work.now:
            past.append(span)
        elif taken:
            held.append(span)
        else:
            unheld[span] = slot_id
    return held, unheld, past


def _is_held(work: Work, slot_id: UUID) -> bool:
    holder = exists().where(Appointment.slot_id == slot_id, Appointment.holds_slot)
    return bool(work.session.scalar(select(holder)))
