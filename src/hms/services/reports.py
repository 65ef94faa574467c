"""Monthly reports: each doctor's month is written down once, and told."""

from dataclasses import dataclass
from uuid import UUID

from hms.domain.events import MonthReported
from hms.domain.reports import month_before
from hms.models import MonthlyReport
from hms.queries import reports
from hms.services import job_runs
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class ReportSome:
    """One batch of doctors under run ``run_id``; ``after``: go on behind this one."""

    run_id: UUID
    limit: int = 100
    after: UUID | None = None


def report_some(work: Work, command: ReportSome) -> tuple[int, UUID | None]:
    """Write the reports of one batch of doctors for the month before the run's; RUN_LOST after a take-over.

    Return how many, and where to go on; None when there are no more. A doctor who has that month's report is left out.
    """
    job_runs.renew(work, command.run_id)
    month = month_before(job_runs.day_meant(work, command.run_id))
    keys = reports.unreported(work.session, work.actor.hospital_id, month, command.limit, command.after)
    if not keys:
        return 0, None
    told = []
    for found in reports.months_of(work.session, work.actor.hospital_id, [key.id for key in keys], month):
        report = MonthlyReport(
            hospital_id=work.actor.hospital_id,
            doctor_id=found.doctor_id,
            month=month,
            specialization=found.specialization,
            appointments=found.totals.appointments,
            completed=found.totals.completed,
            no_shows=found.totals.no_shows,
            treatments=found.totals.treatments,
            lines=[line.stored() for line in found.lines],
            written_at=work.now,
        )
        work.session.add(report)
        told.append((report, found))
    work.session.flush()
    work.emit(
        *(
            MonthReported(
                entity_id=report.id,
                doctor=found.doctor,
                doctor_id=found.doctor_id,
                month=month,
                totals=found.totals,
            )
            for report, found in told
        )
    )
    return len(told), keys[-1].id
