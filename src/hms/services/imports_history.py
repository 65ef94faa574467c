"""Past visits of an import: appointments in their final state, with what belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from hms.domain.appointments import Status, no_show_due
from hms.domain.errors import Code, DomainError
from hms.domain.events import Changed
from hms.domain.imports import STATUS_OF, VisitRow
from hms.domain.no_shows import NoShowReason, ReviewReason
from hms.models import Appointment, AppointmentEvent, AppointmentReview, NoShowLog, NoShowPenalty, new_id
from hms.models.bulk import insert_rows
from hms.transaction import Work

NOTE = "Imported"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PastVisit:
    """A visit of the old books whose patient and doctor are known here."""

    row: VisitRow
    patient_id: UUID
    doctor_id: UUID
    minutes: int

    @property
    def status(self) -> Status:
        """The state it enters: SCHEDULED, for a human to decide, where the outcome is not known."""
        return STATUS_OF[self.row.outcome] if self.row.outcome else Status.SCHEDULED


def write(work: Work, visits: Sequence[PastVisit], *, count: bool) -> dict[UUID, list[UUID]]:
    """Insert the visits in sets; return patient → new penalties, oldest first, where history counts.

    The event comes before its appointment: the insert trigger asks for it.
    """
    if not visits:
        return {}
    appointments = [_appointment(work, visit) for visit in visits]
    session = work.session
    insert_rows(session, AppointmentEvent, [_event(work, row) for row in appointments])
    insert_rows(session, Appointment, appointments)
    if open_ones := [_review(work, row) for row in appointments if row["under_review"]]:
        insert_rows(session, AppointmentReview, open_ones)
    missed = [row for row in appointments if row["status"] is Status.NO_SHOW]
    if missed:
        insert_rows(session, NoShowLog, [_log(row) for row in missed])
    work.emit(
        *(
            Changed(
                entity_id=row["id"],
                noun="appointment",
                verb="imported",
                values={"status": row["status"], "external_ref": row["external_ref"]},
            )
            for row in appointments
        )
    )
    return _strike(work, missed) if count and missed else {}


def _appointment(work: Work, visit: PastVisit) -> Row:
    row, length = visit.row, timedelta(minutes=visit.minutes)
    end = row.end(visit.minutes)
    if end is None:
        raise DomainError(Code.VALIDATION, "start_time: the visit would last past midnight")
    booked_at = row.booked_at or row.starts_at
    return {
        "id": new_id(),
        "hospital_id": work.actor.hospital_id,
        "patient_id": visit.patient_id,
        "doctor_id": visit.doctor_id,
        "slot_id": None,
        "status": visit.status,
        "appointment_date": row.day,
        "start_time": row.start,
        "end_time": end,
        "starts_at": row.starts_at,
        "ends_at": row.starts_at + length,
        "duration_minutes": visit.minutes,
        "booked_at": booked_at,
        "no_show_due_at": no_show_due(row.starts_at, booked_at, length),
        "holds_slot": visit.status is not Status.CANCELLED,
        "under_review": row.outcome is None,
        "imported": True,
        "external_ref": row.ref,
        "type": row.type or "CONSULTATION",
        "reason": row.reason,
        "created_by": work.actor.user_id,
        "updated_at": work.now,
    }


def _event(work: Work, appointment: Row) -> Row:
    return {
        "hospital_id": appointment["hospital_id"],
        "appointment_id": appointment["id"],
        "at": work.now,
        "actor_id": work.actor.user_id,
        "from_status": None,
        "to_status": appointment["status"],
        "reason": NOTE,
        "is_import": True,
    }


def _review(work: Work, appointment: Row) -> Row:
    return {
        "id": new_id(),
        "hospital_id": appointment["hospital_id"],
        "appointment_id": appointment["id"],
        "reason": ReviewReason.IMPORTED_OPEN,
        "opened_at": work.now,
    }


def _log(appointment: Row) -> Row:
    """Return the log, so that an admin can justify or correct an imported mark like any other. Nobody was told."""
    return {
        "id": new_id(),
        "hospital_id": appointment["hospital_id"],
        "appointment_id": appointment["id"],
        "patient_id": appointment["patient_id"],
        "doctor_id": appointment["doctor_id"],
        "reason": NoShowReason.MANUAL_STAFF,
        "slot_time": appointment["start_time"],
        "timeout_minutes": appointment["duration_minutes"],
        "triggered_at": appointment["no_show_due_at"],
        "notes": NOTE,
    }


def _strike(work: Work, missed: Sequence[Row]) -> dict[UUID, list[UUID]]:
    struck: dict[UUID, list[UUID]] = {}
    rows: list[Row] = []
    for row in sorted(missed, key=lambda row: row["no_show_due_at"]):
        penalty_id = new_id()
        rows.append(
            {
                "id": penalty_id,
                "hospital_id": row["hospital_id"],
                "appointment_id": row["id"],
                "patient_id": row["patient_id"],
                "created_at": row["no_show_due_at"],
            }
        )
        struck.setdefault(row["patient_id"], []).append(penalty_id)
    insert_rows(work.session, NoShowPenalty, rows)
    return struck
