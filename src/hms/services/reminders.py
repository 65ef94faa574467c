"""Reminders: each patient once for each visit, start and lead time, whatever runs again."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hms.domain.events import AppointmentReminded
from hms.domain.messages import Notice
from hms.models import Appointment
from hms.outbox.notices import notices_of
from hms.outbox.record import never_told
from hms.queries import reminders, visits
from hms.queries.no_shows import Position
from hms.services import job_runs
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class RemindSome:
    """One batch of visits under run ``run_id``; ``after``: go on behind this (start, id)."""

    run_id: UUID
    limit: int = 100
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many visits a batch reminded of. ``last``: where the next one goes on; None when there are no more."""

    visits: int = 0
    last: Position | None = None


def remind_some(work: Work, command: RemindSome) -> Reminded:
    """Remind of one batch of the visits that lie one of the hospital's lead times ahead; RUN_LOST after a take-over.

    A visit that was moved is another start, with reminders of its own.
    """
    job_runs.renew(work, command.run_id)
    leads = {work.today + timedelta(days=lead): lead for lead in work.hospital.policy.reminder_days_before}
    keys = reminders.ahead(
        work.session, work.actor.hospital_id, work.now, leads, command.limit, command.after, lock=True
    )
    if not keys:
        return Reminded()
    chosen = Appointment.id.in_([key.id for key in keys])
    events = [
        AppointmentReminded(
            entity_id=visit.appointment_id, visit=visit, starts_at=visit.starts_at, lead=leads[visit.day]
        )
        for visit in visits.ahead(work.session, work.actor, work.now, chosen)
    ]
    fresh = never_told(work.session, [notice for event in events for notice in _notices(work, event)])
    causes = {notice.cause for notice in fresh}
    told = [event for event in events if any(notice.cause in causes for notice in _notices(work, event))]
    if told:
        work.emit(*told)
    return Reminded(len(told), (keys[-1].due_at, keys[-1].id))


def _notices(work: Work, event: AppointmentReminded) -> list[Notice]:
    return notices_of(event, work.hospital.locale)
