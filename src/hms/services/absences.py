"""Doctors' absences: slots are blocked, booked patients told; an emergency calls their visits off (rules §2).

Every change holds the doctor's lock for change, so a booking stands before it, and is treated as affected, or comes
after it, and is refused. The number of statements does not depend on the number of slots or visits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy import update as update_rows

from hms.access.scope import find, not_found
from hms.domain.absences import (
    EMERGENCY_NOTE,
    AbsenceStatus,
    AbsenceType,
    Leave,
    leave_of,
    require_changeable,
    require_no_overlap,
    require_no_past_rewritten,
    require_upcoming,
)
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.events import AbsenceChanged, AppointmentMoved, Visit
from hms.domain.messages import Channel
from hms.models import Appointment, Doctor, DoctorAbsence, DoctorSlot, OutgoingMessage, new_id
from hms.outbox.notices import notices_of
from hms.outbox.record import message_key
from hms.queries import absences
from hms.queries.absences import AbsenceRow
from hms.services import lifecycle, slots
from hms.services.calendars import lock_doctor, require_own_calendar
from hms.transaction import Work, require_version

EDITABLE = frozenset({"absence_type", "start_date", "end_date", "is_full_day", "start_time", "end_time", "reason"})
TIMES = frozenset({"start_time", "end_time"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAbsence:
    """A doctor will be away: whole days from ``first`` to ``last``, or from ``start`` to ``end`` of one day."""

    doctor_id: UUID
    absence_type: AbsenceType
    first: date
    last: date
    is_full_day: bool = True
    start: time | None = None
    end: time | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAbsence:
    """What to change, by attribute (`EDITABLE`); ``version`` is the one that was seen."""

    doctor_id: UUID
    absence_id: UUID
    changes: Mapping[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAbsence:
    """An absence to call off; ``version`` is the one that was seen."""

    doctor_id: UUID
    absence_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True)
class AbsenceChange:
    """What followed. ``affected``: booked visits inside the span that stay; ``cancelled``: those an emergency ended.

    ``slots_blocked``: slots that this absence blocks now; ``slots_unblocked``: those that can be booked again.
    ``notified``: patients' notifications that this change wrote; who was told of the same cause before is not again.
    """

    absence: AbsenceRow
    slots_blocked: int = 0
    slots_unblocked: int = 0
    affected: tuple[Visit, ...] = ()
    cancelled: tuple[Visit, ...] = ()
    notified: int = 0


def create(work: Work, command: CreateAbsence) -> AbsenceChange:
    """Enter an absence with all that it implies.

    Raises ABSENCE_END_BEFORE_START, ABSENCE_PART_OF_DAY, ABSENCE_IN_PAST, ABSENCE_OVERLAP, DOCTOR_NOT_FOUND, FORBIDDEN.
    """
    require_own_calendar(work, command.doctor_id)
    leave = leave_of(command.first, command.last, command.is_full_day, command.start, command.end)
    doctor = lock_doctor(work, command.doctor_id, exclusive=True)
    require_upcoming(leave, work.today)
    require_no_overlap(leave, absences.active(work.session, work.actor, doctor.id, leave, but=None))
    row = DoctorAbsence(
        id=new_id(),
        hospital_id=work.actor.hospital_id,
        doctor_id=doctor.id,
        absence_type=command.absence_type,
        status=AbsenceStatus.ACTIVE,
        start_date=leave.first,
        end_date=leave.last,
        is_full_day=command.is_full_day,
        start_time=command.start,
        end_time=command.end,
        reason=_text(command.reason),
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return _apply(work, doctor, row, "created", before=leave)


def update(work: Work, command: UpdateAbsence) -> AbsenceChange:
    """Change an absence and apply all of it anew to the new span; an unchanged one does nothing more.

    Raises what ``create`` raises, and NOT_FOUND, STALE_VERSION with the present absence, or ABSENCE_CLOSED for one that
    is cancelled or over. One under way keeps its start.
    """
    require_own_calendar(work, command.doctor_id)
    doctor = lock_doctor(work, command.doctor_id, exclusive=True)
    row = _locked(work, doctor, command.absence_id, command.version)
    before = _leave(row)
    require_changeable(row.status, before, work.today)
    changes = _changes(row, command.changes)
    merged = {name: changes.get(name, getattr(row, name)) for name in EDITABLE}
    after = leave_of(*(merged[n] for n in ("start_date", "end_date", "is_full_day", "start_time", "end_time")))
    require_no_past_rewritten(before, after, work.today)
    require_no_overlap(after, absences.active(work.session, work.actor, doctor.id, after, but=row.id))
    if not changes:
        return AbsenceChange(absences.one(work.session, work.actor, row.id))
    for name, value in changes.items():
        setattr(row, name, value)
    row.version += 1
    work.session.flush()
    return _apply(work, doctor, row, "updated", before=before)


def cancel(work: Work, command: CancelAbsence) -> AbsenceChange:
    """Call an absence off and give its slots back, but those that another absence or a person blocks.

    ``affected`` are the visits that stayed and now take place; whom an emergency has cancelled stays cancelled. Again,
    it does nothing more. Raises NOT_FOUND, STALE_VERSION, ABSENCE_CLOSED for one that is over, FORBIDDEN.
    """
    require_own_calendar(work, command.doctor_id)
    doctor = lock_doctor(work, command.doctor_id, exclusive=True)
    row = _locked(work, doctor, command.absence_id, command.version)
    if row.status is AbsenceStatus.CANCELLED:
        return AbsenceChange(absences.one(work.session, work.actor, row.id))
    leave = _leave(row)
    require_changeable(row.status, leave, work.today)
    visits = lifecycle.locked_ahead(work, doctor.id, _within(leave))
    row.status = AbsenceStatus.CANCELLED
    row.version += 1
    work.session.flush()
    _, unblocked = _settle(work, row.id, doctor.id, leave.first, leave.last)
    work.emit(AbsenceChanged(entity_id=row.id, verb="cancelled", values={"slots_unblocked": unblocked}))
    stay = tuple(lifecycle.visit_of(visit) for visit in visits)
    return AbsenceChange(absences.one(work.session, work.actor, row.id), slots_unblocked=unblocked, affected=stay)


def _apply(work: Work, doctor: Doctor, row: DoctorAbsence, verb: str, *, before: Leave) -> AbsenceChange:
    """Let visits, slots and patients follow an absence that has just been written."""
    after, is_emergency = _leave(row), row.absence_type is AbsenceType.EMERGENCY
    inside = lifecycle.locked_ahead(work, doctor.id, _within(after))
    visits = tuple(lifecycle.visit_of(visit) for visit in inside)
    moves: list[AppointmentMoved] = []
    if is_emergency and inside:
        moves = lifecycle.cancel_many(work, inside, EMERGENCY_NOTE, note=EMERGENCY_NOTE)
        slots.relay(work, doctor)  # a slot that only a booking kept goes
    slots.ensure_days(work, doctor.id, after.first, after.last)
    first, last = min(before.first, after.first), max(before.last, after.last)
    blocked, unblocked = _settle(work, row.id, doctor.id, first, last)
    values = {
        "doctor_id": row.doctor_id,
        "type": row.absence_type,
        "start_date": row.start_date,
        "end_date": row.end_date,
        "start_time": row.start_time,
        "end_time": row.end_time,
        "slots_blocked": blocked,
        "slots_unblocked": unblocked,
    }
    event = AbsenceChanged(
        entity_id=row.id,
        verb=verb,
        values=values,
        affected=() if is_emergency else visits,
        cancelled=visits if is_emergency else (),
    )
    notified = _untold(work, event)
    work.emit(event, *moves)
    return AbsenceChange(
        absence=absences.one(work.session, work.actor, row.id),
        slots_blocked=blocked,
        slots_unblocked=unblocked,
        affected=event.affected,
        cancelled=event.cancelled,
        notified=notified,
    )


def _settle(work: Work, absence_id: UUID, doctor_id: UUID, first: date, last: date) -> tuple[int, int]:
    """Let the slots that lie ahead in these days be blocked by whichever active absence covers them.

    Returns how many the given absence blocks, and how many can be booked again.
    """
    s = DoctorSlot
    ahead = and_(s.doctor_id == doctor_id, s.slot_date.between(first, last), s.ends_at > work.now)
    state = select(s.id, s.absence_id, s.blocked_manually).where(ahead)
    blocked_before = {row.id for row in work.session.execute(state) if row.absence_id is not None}
    work.session.execute(
        update_rows(s)
        .where(ahead, or_(s.absence_id.is_(None), s.absence_id == absence_id))
        .values(absence_id=absences.cover_of_slot())
        .execution_options(synchronize_session=False)
    )
    rows = work.session.execute(state).all()
    now_open = {row.id for row in rows if row.absence_id is None and not row.blocked_manually}
    return sum(row.absence_id == absence_id for row in rows), len(now_open & blocked_before)


def _within(leave: Leave) -> ColumnElement[bool]:
    """Build the condition of a visit that overlaps the span."""
    a = Appointment
    days = a.appointment_date.between(leave.first, leave.last)
    if leave.part is None:
        return days
    return and_(days, a.start_time < leave.part.end, a.end_time > leave.part.start)


def _untold(work: Work, event: AbsenceChanged) -> int:
    """Count the notifications that the event is going to write: those whose cause was not told before."""
    keys = {message_key(notice, Channel.IN_APP) for notice in notices_of(event, work.hospital.locale)}
    if not keys:
        return 0
    told = select(func.count()).select_from(OutgoingMessage).where(OutgoingMessage.key.in_(keys))
    return len(keys) - (work.session.scalar(told) or 0)


def _locked(work: Work, doctor: Doctor, absence_id: UUID, version: int | None) -> DoctorAbsence:
    row = find(work.session, work.actor, DoctorAbsence, absence_id, lock=True)
    if row.doctor_id != doctor.id:
        raise not_found("Absence")
    if version is not None and version != row.version:
        require_version(row, version, absences.one(work.session, work.actor, row.id))
    return row


def _changes(row: DoctorAbsence, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what really changes; an absence that becomes one of whole days loses its times."""
    for name in wanted:
        if name not in EDITABLE:
            raise DomainError(Code.VALIDATION, f"An absence's {name} cannot be edited.", [Detail(name, "is fixed")])
    asked = dict(wanted)
    if asked.get("is_full_day"):
        asked = dict.fromkeys(TIMES) | asked
    if "reason" in asked:
        asked["reason"] = _text(asked["reason"])
    return {name: value for name, value in asked.items() if getattr(row, name) != value}


def _leave(row: DoctorAbsence) -> Leave:
    return leave_of(row.start_date, row.end_date, row.is_full_day, row.start_time, row.end_time)


def _text(text: str | None) -> str | None:
    return (text or "").strip() or None
