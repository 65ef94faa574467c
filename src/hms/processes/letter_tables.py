"""The tables that letters carry: read when a letter is sent, so that nothing clinical waits in the queue."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from hms.access.actors import Actor
from hms.domain.reports import ReportLine
from hms.gateways.templates import Table
from hms.languages import Voice
from hms.queries import hospitals, reports, summaries
from hms.queries.deliveries import Delivery
from hms.queries.summaries import MissedVisit
from hms.runtime import Runtime


def table_of(runtime: Runtime, say: Voice, delivery: Delivery) -> Table | None:
    """Return the table of a report or summary; None for other messages, and where mails carry no clinical content."""
    if delivery.type == "MONTHLY_REPORT" and (report_id := delivery.metadata.get("reportId")):
        return _report(runtime, say, delivery.hospital_id, UUID(report_id))
    if delivery.type == "NO_SHOW_SUMMARY" and (day := delivery.metadata.get("day")):
        return _summary(runtime, say, delivery.hospital_id, date.fromisoformat(day))
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


def _report(runtime: Runtime, say: Voice, hospital_id: UUID, report_id: UUID) -> Table | None:
    with runtime.reading() as session:
        if not hospitals.rules(session, hospital_id).policy.mail_clinical_content:
            return None
        lines = reports.one(session, Actor.system(hospital_id), report_id).lines
    return report_table(say, lines)


def report_table(say: Voice, lines: Iterable[ReportLine]) -> Table:
    """Return the table of a doctor's month."""
    return Table(
        headings=(say("Date"), say("Time"), say("Patient"), say("Diagnosis"), say("Treatment")),
        rows=tuple(
            (say.day_and_month(line.date), say.time(line.start), line.patient, line.diagnosis, line.treatment)
            for line in lines
        ),
    )


def _summary(runtime: Runtime, say: Voice, hospital_id: UUID, day: date) -> Table | None:
    missed = runtime.read(summaries.missed_on, hospital_id, day)
    return summary_table(say, missed) if missed else None


def summary_table(say: Voice, missed: Iterable[MissedVisit]) -> Table:
    """Return the table of the visits that were missed on a day."""
    rows = tuple(
        (say.time(visit.start), visit.patient, visit.doctor, say("Yes") if visit.slot_released else say("No"))
        for visit in missed
    )
    return Table((say("Time"), say("Patient"), say("Doctor"), say("Time released")), rows)
