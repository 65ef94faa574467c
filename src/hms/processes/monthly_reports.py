"""The first of the month's reports."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hms.domain.reports import month_before
from hms.processes.batches import Part, work_through
from hms.processes.running import Running
from hms.queries import hospitals
from hms.queries import reports as queries
from hms.queries.reports import DoctorKey
from hms.services import reports
from hms.services.reports import ReportSome
from hms.transaction import Work

MOST_AT_ONCE = 3
"""Doctors in one transaction: a month of a busy one has hundreds of visits, and SQLite has one writer at a time."""


def report(run: Running) -> None:
    """Report the month before to every doctor. Items: reports."""
    work_through(run, REPORTS)
    run.require_finished()


def _keys(session: Session, hospital_id: UUID, now: datetime, limit: int, after: UUID | None) -> Sequence[DoctorKey]:
    today = now.astimezone(hospitals.rules(session, hospital_id).zone).date()
    return queries.unreported(session, hospital_id, month_before(today), min(limit, MOST_AT_ONCE), after)


def _report(work: Work, run_id: UUID, limit: int, after: UUID | None) -> tuple[int, UUID | None]:
    return reports.report_some(work, ReportSome(run_id, min(limit, MOST_AT_ONCE), after))


REPORTS = Part("reports", _keys, _report, noun="doctor")
