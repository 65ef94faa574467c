"""Doctors' monthly reports: their list, and one of them as it was written."""

from datetime import date
from uuid import UUID

from flask import Blueprint, Response, request

from hms.processes.report_files import report_file
from hms.queries import doctors, reports
from hms.queries.doctors import DoctorFilters
from hms.queries.reports import Newest, ReportRow
from hms.web.pages.desk import desk, page, reading, runtime, staff_only

HERE = "reports"
SHOWN, MANY = 50, 500


def register(pages: Blueprint) -> None:
    """Add the reports' routes."""
    pages.get("/reports", endpoint="reports")(listing)
    pages.get("/reports/<uuid:report_id>", endpoint="report")(one)
    pages.get("/reports/<uuid:report_id>.pdf", endpoint="report_file")(file)


@staff_only
def listing() -> Response:
    """Show reports, the latest month first; admins choose a doctor, doctors see their own."""
    actor, chosen = desk().actor, request.args.get("doctor", type=UUID)
    with reading() as session:
        rows = reports.listing(session, actor, doctor_id=chosen, after=_after(), limit=SHOWN + 1)
        everybody = (
            doctors.listing(session, actor, DoctorFilters(), after=None, limit=MANY) if actor.doctor_id is None else []
        )
    after = _place(rows[SHOWN - 1]) if len(rows) > SHOWN else ""
    return page("reports/list.html", HERE, rows=rows[:SHOWN], everybody=everybody, chosen=chosen, after=after)


@staff_only
def one(report_id: UUID) -> Response:
    """Show one report."""
    report = runtime().read(reports.one, desk().actor, report_id)
    return page("reports/one.html", HERE, report=report, row=report.row, totals=report.row.totals)


@staff_only
def file(report_id: UUID) -> Response:
    """Send one report as PDF."""
    at = desk()
    report = runtime().read(reports.one, at.actor, report_id)
    hospital, written = at.identity.hospital.name, at.formats.stamp(report.row.written_at)
    answer = Response(report_file(hospital, report, written), mimetype="application/pdf")
    name = f"report-{report.row.month:%Y-%m}.pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def _place(row: ReportRow) -> str:
    return f"{row.month.isoformat()}_{row.id}_{row.last_name}"


def _after() -> Newest | None:
    month, _, rest = request.args.get("after", "").partition("_")
    row_id, _, name = rest.partition("_")
    try:
        return date.fromisoformat(month), name, UUID(row_id)
    except ValueError:
        return None
