"""What is known of whether the desk was working when visits were missed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DatabaseSession

from hms.domain.evidence import DueVisit, Evidence, Session, weigh
from hms.domain.intervals import Span
from hms.domain.schedules import block_around
from hms.domain.slots import WeeklyBlock, instant_of
from hms.models import Appointment, Heartbeat
from hms.queries.hospitals import HospitalRules
from hms.queries.visits import OpenVisit

Weeks = Mapping[UUID, Sequence[WeeklyBlock]]
_SessionKey = tuple[UUID, date, WeeklyBlock]


def weighed(
    session: DatabaseSession,
    hospital: HospitalRules,
    now: datetime,
    appointments: Sequence[OpenVisit],
    weeks: Weeks,
) -> dict[UUID, Evidence]:
    """Weigh the evidence of due appointments that lie inside their doctors' ``weeks``, in two statements."""
    if not appointments:
        return {}
    beats = _beats(session, hospital.id, appointments)
    sessions = _sessions(session, hospital, appointments, weeks)
    return {
        visit.id: weigh(
            DueVisit(visit.starts_at, visit.no_show_due_at, timedelta(minutes=visit.duration_minutes)),
            beats,
            sessions[key],
            now,
        )
        for visit in appointments
        if (key := _key(visit, weeks)) is not None
    }


def _beats(session: DatabaseSession, hospital_id: UUID, appointments: Sequence[OpenVisit]) -> list[Span[datetime]]:
    rows = session.execute(
        select(Heartbeat.first_at, Heartbeat.last_at).where(
            Heartbeat.hospital_id == hospital_id,
            Heartbeat.last_at >= min(visit.starts_at for visit in appointments),
            Heartbeat.first_at <= max(visit.no_show_due_at for visit in appointments),
        )
    )
    return [Span(*row) for row in rows]


def _sessions(
    session: DatabaseSession, hospital: HospitalRules, appointments: Sequence[OpenVisit], weeks: Weeks
) -> dict[_SessionKey, Session]:
    keys = {key for visit in appointments if (key := _key(visit, weeks)) is not None}
    first: dict[_SessionKey, datetime] = {}
    a = Appointment
    seen = session.execute(
        select(a.doctor_id, a.appointment_date, a.start_time, a.end_time, a.checked_in_at).where(
            a.doctor_id.in_({doctor_id for doctor_id, _, _ in keys}),
            a.appointment_date.in_({day for _, day, _ in keys}),
            a.checked_in_at.is_not(None),
        )
    )
    for doctor_id, day, start, end, checked_in_at in seen:
        block = block_around(weeks.get(doctor_id, ()), day, Span(start, end))
        if block is not None:
            at = cast(datetime, checked_in_at)
            first[doctor_id, day, block] = min(at, first.get((doctor_id, day, block), at))
    return {key: Session(instant_of(key[1], key[2].end, hospital.zone), first.get(key)) for key in keys}


def _key(visit: OpenVisit, weeks: Weeks) -> _SessionKey | None:
    wall = Span(visit.start_time, visit.end_time)
    block = block_around(weeks.get(visit.doctor_id, ()), visit.appointment_date, wall)
    return None if block is None else (visit.doctor_id, visit.appointment_date, block)
