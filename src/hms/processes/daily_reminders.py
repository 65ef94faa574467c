"""The morning's reminders."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hms.processes.batches import Part, work_through
from hms.processes.running import Running
from hms.queries import hospitals
from hms.queries import reminders as queries
from hms.queries.no_shows import DueKey, Position
from hms.services import reminders
from hms.services.reminders import RemindSome
from hms.transaction import Work


def remind(run: Running) -> None:
    """Remind of today's visits, and of those that lie another of the hospital's lead times ahead. Items: visits."""
    work_through(run, REMINDERS)
    run.require_finished()


def _keys(session: Session, hospital_id: UUID, now: datetime, limit: int, after: Position | None) -> Sequence[DueKey]:
    rules = hospitals.rules(session, hospital_id)
    today = now.astimezone(rules.zone).date()
    days = [today + timedelta(days=lead) for lead in rules.policy.reminder_days_before]
    return queries.ahead(session, hospital_id, now, days, limit, after)


def _remind(work: Work, run_id: UUID, limit: int, after: Position | None) -> tuple[int, Position | None]:
    reminded = reminders.remind_some(work, RemindSome(run_id, limit, after))
    return reminded.visits, reminded.last


REMINDERS = Part("reminders", _keys, _remind)
