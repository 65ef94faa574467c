"""What the letters of invented messages tell: nothing of it is in the database."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID

from hms.domain.appointments import Status
from hms.domain.reports import ReportLine
from hms.gateways.templates import Table
from hms.languages import Voice
from hms.processes.letter_tables import report_table, summary_table
from hms.queries.deliveries import Delivery, LetterVisit
from hms.queries.summaries import MissedVisit


def is_sample(delivery: Delivery) -> bool:
    """Tell whether a message is one that an admin wanted to see."""
    return "sample" in delivery.metadata


def with_sample_visit(delivery: Delivery) -> Delivery:
    """Add the invented visit that a sample speaks of; return any other message as it is."""
    told = delivery.metadata.get("startsAt")
    if not is_sample(delivery) or told is None or delivery.visit is not None:
        return delivery
    starts_at = datetime.fromisoformat(told)
    is_cancelled = delivery.type == "APPOINTMENT_CANCELLED"
    visit = LetterVisit(
        appointment_id=UUID(int=0),
        status=Status.CANCELLED if is_cancelled else Status.SCHEDULED,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=15),
        sequence=0,
        doctor_name="Meera Rao",
        specialization="Cardiology",
    )
    return replace(delivery, visit=visit)


def sample_table(say: Voice, delivery: Delivery) -> Table | None:
    """Return the invented table of a report or summary; None for other messages."""
    day = delivery.created_at.astimezone(delivery.zone).date()
    if delivery.type == "MONTHLY_REPORT":
        return report_table(
            say,
            [
                ReportLine(day, time(9), "Sofia Lindgren", "Arterial hypertension", "Amlodipine 5 mg"),
                ReportLine(day, time(9, 15), "Nils Lindgren", "Palpitations", "Rest; again in two weeks"),
            ],
        )
    if delivery.type == "NO_SHOW_SUMMARY":
        return summary_table(
            say,
            [
                MissedVisit(time(10), "Sofia Lindgren", "Meera Rao", slot_released=False),
                MissedVisit(time(11, 30), "Nils Lindgren", "Ravi Iyer", slot_released=True),
            ],
        )
    return None
