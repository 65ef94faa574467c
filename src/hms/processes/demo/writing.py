"""Write the whole demo in one transaction: all of it is there, or nothing."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from hms.domain.appointments import Status
from hms.models import (
    Appointment,
    AppointmentEvent,
    AuditEntry,
    Consultation,
    Doctor,
    DoctorSchedule,
    DoctorSlot,
    Hospital,
    JobRun,
    NoShowLog,
    NoShowPenalty,
    Notification,
    OutgoingMessage,
    Patient,
    User,
)
from hms.models.bulk import insert_rows, refresh_statistics
from hms.processes.demo.seeded import Row
from hms.transaction import Work

IDS_AT_ONCE = 1000


@dataclass
class DemoRows:
    """Every row of the demo, by table.

    ``cancelled``: appointments that gave their slot back. ``moves``: (state, holds its slot) → appointments that are
    to come into it.
    """

    hospital: Row
    users: list[Row] = field(default_factory=list)
    doctors: list[Row] = field(default_factory=list)
    schedules: list[Row] = field(default_factory=list)
    patients: list[Row] = field(default_factory=list)
    slots: list[Row] = field(default_factory=list)
    cancelled: list[Row] = field(default_factory=list)
    appointments: list[Row] = field(default_factory=list)
    moves: dict[tuple[Status, bool], list[UUID]] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    consultations: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    penalties: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    notifications: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    audit: list[Row] = field(default_factory=list)


def write(work: Work, rows: DemoRows) -> None:
    """Insert all rows. Appointments are born SCHEDULED and then moved, since the schema allows nothing else."""
    session = work.session
    insert_rows(session, Hospital, [rows.hospital])
    insert_rows(session, User, rows.users)
    insert_rows(session, Doctor, rows.doctors)
    insert_rows(session, DoctorSchedule, rows.schedules)
    insert_rows(session, Patient, rows.patients)
    insert_rows(session, DoctorSlot, rows.slots)
    # Cancelled ones first: somebody else may have taken their slot afterwards.
    insert_rows(session, Appointment, rows.cancelled)
    _move(session, rows.moves, Status.CANCELLED, holds_slot=False)
    insert_rows(session, Appointment, rows.appointments)
    for status in (Status.CONFIRMED, Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED, Status.NO_SHOW):
        _move(session, rows.moves, status, holds_slot=True)
    _move(session, rows.moves, Status.NO_SHOW, holds_slot=False)
    insert_rows(session, NoShowLog, rows.logs)
    insert_rows(session, AppointmentEvent, rows.events)
    insert_rows(session, Consultation, rows.consultations)
    insert_rows(session, NoShowPenalty, rows.penalties)
    insert_rows(session, JobRun, rows.runs)
    insert_rows(session, Notification, rows.notifications)
    insert_rows(session, OutgoingMessage, rows.messages)
    insert_rows(session, AuditEntry, rows.audit)
    refresh_statistics(session, Patient, DoctorSlot, Appointment, AppointmentEvent, Notification, OutgoingMessage)


def _move(session: Session, moves: dict[tuple[Status, bool], list[UUID]], to: Status, *, holds_slot: bool) -> None:
    ids = moves.get((to, holds_slot), [])
    for start in range(0, len(ids), IDS_AT_ONCE):
        session.execute(
            update(Appointment)
            .where(Appointment.id.in_(ids[start : start + IDS_AT_ONCE]))
            .values(status=to, holds_slot=holds_slot)
            .execution_options(synchronize_session=False)
        )
