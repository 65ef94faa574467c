"""The tables that letters carry: read when a letter is sent, so that nothing clinical waits in the queue."""

from datetime import date
from uuid import UUID

from hms.access.actors import Actor
from hms.gateways.templates import Table
from hms.queries import hospitals, reports, summaries
from hms.queries.deliveries import Delivery
from hms.runtime import Runtime


def table_of(runtime: Runtime, delivery: Delivery) -> Table | None:
    """Return the table of a report or summary; None for other messages, and where mails carry no clinical content."""
    if delivery.type == "MONTHLY_REPORT" and (report_id := delivery.metadata.get("reportId")):
        return _report(runtime, delivery.hospital_id, UUID(report_id))
    if delivery.type == "NO_SHOW_SUMMARY" and (day := delivery.metadata.get("day")):
        return _summary(runtime, delivery.hospital_id, date.fromisoformat(day))
    return None


def address_of(base_url: str, delivery: Delivery) -> str:
    """Return where the whole of a report, summary or export is found by who signs in; empty for other messages."""
    if delivery.type == "MONTHLY_REPORT" and (report_id := delivery.metadata.get("reportId")):
        return f"{base_url}/reports/{report_id}"
    if delivery.type == "NO_SHOW_SUMMARY" and (day := delivery.metadata.get("day")):
        return f"{base_url}/no-shows?from={day}&to={day}"
    if delivery.type.startswith("HISTORY_EXPORT") and (export_id := delivery.metadata.get("exportId")):
        return f"{base_url}/my/exports/{export_id}"
    return ""


def _report(runtime: Runtime, hospital_id: UUID, report_id: UUID) -> Table | None:
    with runtime.reading() as session:
        if not hospitals.rules(session, hospital_id).policy.mail_clinical_content:
            return None
        lines = reports.one(session, Actor.system(hospital_id), report_id).lines
    return Table(
        headings=("Date", "Time", "Patient", "Diagnosis", "Treatment"),
        rows=tuple(
            (f"{line.date.day} {line.date:%B}", f"{line.start:%H:%M}", line.patient, line.diagnosis, line.treatment)
            for line in lines
        ),
    )


def _summary(runtime: Runtime, hospital_id: UUID, day: date) -> Table | None:
    missed = runtime.read(summaries.missed_on, hospital_id, day)
    rows = tuple(
        (f"{visit.start:%H:%M}", visit.patient, visit.doctor, "Yes" if visit.slot_released else "No")
        for visit in missed
    )
    return Table(("Time", "Patient", "Doctor", "Time released"), rows) if rows else None
