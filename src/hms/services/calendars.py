"""What changes of a calendar share: locking doctors, and filling their days with slots in sets."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, func, select

from hms.access.permissions import Permission
from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Occupied, Span
from hms.domain.people import Role
from hms.domain.slots import Calendar, PlannedSlot
from hms.models import Doctor, DoctorSlot, new_ids
from hms.models.bulk import insert_missing
from hms.queries import schedules, slots
from hms.transaction import Work

NewSlot = tuple[UUID, PlannedSlot, UUID | None]
"""Whose slot, which one, and the absence that blocks it."""


def lock_doctors(work: Work, doctor_ids: Collection[UUID], *, exclusive: bool) -> list[Doctor]:
    """Lock doctors of the actor's hospital, in the order of their ids, and return them.

    ``exclusive``: the calendar is going to change, bookings wait; otherwise it only must not change meanwhile.
    """
    statement = (
        select(Doctor)
        .where(Doctor.hospital_id == work.actor.hospital_id, Doctor.id.in_(doctor_ids))
        .order_by(Doctor.id)
        .execution_options(populate_existing=True)
    )
    if exclusive:
        statement = statement.with_for_update(key_share=True, of=Doctor)
    else:
        statement = statement.with_for_update(read=True, of=Doctor)
    return list(work.session.scalars(statement))


def once_read(earlier: CTE) -> ColumnElement[bool]:
    """Build a condition that always holds, but only once ``earlier`` has been read: so locks keep their order."""
    return select(func.count()).select_from(earlier).scalar_subquery() >= 0


def lock_all_doctors(work: Work) -> list[UUID]:
    """Lock all doctors of the actor's hospital for change, in the order of their ids, and return these."""
    statement = select(Doctor.id).where(Doctor.hospital_id == work.actor.hospital_id).order_by(Doctor.id)
    return list(work.session.scalars(statement.with_for_update(key_share=True, of=Doctor)))


def lock_doctor(work: Work, doctor_id: UUID, *, exclusive: bool) -> Doctor:
    """Lock one doctor; raise DOCTOR_NOT_FOUND for another hospital's."""
    found = lock_doctors(work, [doctor_id], exclusive=exclusive)
    if not found:
        raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")
    return found[0]


def require_own_calendar(work: Work, doctor_id: UUID) -> None:
    """Raise FORBIDDEN unless the actor may edit this doctor's calendar: admins any, doctors their own."""
    work.require(Permission.EDIT_OWN_SCHEDULE)
    if work.actor.role is Role.DOCTOR and work.actor.doctor_id != doctor_id:
        raise DomainError(Code.FORBIDDEN, "You may only edit your own calendar.")


def fill(work: Work, doctor_ids: Collection[UUID], first: date, last: date) -> dict[UUID, int]:
    """Add the slots that locked doctors' days lack, in seven statements; return how many each was given.

    What is there stays as it is. Slots that would overlap a present one (kept from another grid because it is held)
    are left out; slots inside an absence are born blocked by it. Others may fill the same days at the same time.
    """
    grids = schedules.calendars(work.session, work.hospital, doctor_ids, first, last)
    taken: dict[UUID, list[Span[datetime]]] = defaultdict(list)
    for doctor_id, span in slots.occupied(work.session, doctor_ids, first, last):
        taken[doctor_id].append(span)
    lacking: list[NewSlot] = []
    counts: dict[UUID, int] = {}
    for doctor_id, calendar in sorted(grids.items()):
        fresh = list(calendar.slots_between(first, last))
        if taken[doctor_id]:
            present = Occupied(taken[doctor_id])
            fresh = [slot for slot in fresh if present.is_free(slot.span)]
        lacking += new_slots(doctor_id, calendar, fresh)
        counts[doctor_id] = len(fresh)
    add_slots(work, lacking)
    return counts


def new_slots(doctor_id: UUID, calendar: Calendar, planned: Iterable[PlannedSlot]) -> list[NewSlot]:
    """Return planned slots with whose they are, and the absence that blocks them."""
    if not calendar.absences:
        return [(doctor_id, slot, None) for slot in planned]
    return [(doctor_id, slot, calendar.absence_at(slot.day, slot.wall)) for slot in planned]


def add_slots(work: Work, lacking: Sequence[NewSlot]) -> None:
    """Insert slots in one statement; one that somebody else inserted at the same moment is left as it is."""
    if not lacking:
        return
    planned = [slot for _, slot, _ in lacking]
    columns: dict[str, list[Any]] = {
        "id": new_ids(len(lacking)),
        "hospital_id": [work.actor.hospital_id] * len(lacking),
        "doctor_id": [doctor_id for doctor_id, _, _ in lacking],
        "slot_date": [slot.day for slot in planned],
        "start_time": [slot.start for slot in planned],
        "end_time": [slot.end for slot in planned],
        "starts_at": [slot.starts_at for slot in planned],
        "ends_at": [slot.ends_at for slot in planned],
        "blocked_manually": [False] * len(lacking),
        "absence_id": [absence_id for _, _, absence_id in lacking],
    }
    insert_missing(work.session, DoctorSlot, columns, ["doctor_id", "starts_at"])
