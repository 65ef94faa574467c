"""Take over a clinic's old books, a batch of rows at a time, in sets (rules §9).

Past visits enter their final state through an event flagged as import, without the fourteen checks; future ones are
booked by all of them. Nobody is told. A row whose reference is there already changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, update

from hms.access.permissions import Permission
from hms.domain.errors import Code, DomainError
from hms.domain.events import PatientBlocked
from hms.domain.imports import ImportRow, VisitRow, is_past
from hms.models import Appointment, Doctor, Patient, User, bulk
from hms.services import bookings, imports_history, imports_people, penalties
from hms.services.calendars import lock_doctors
from hms.services.imports_history import PastVisit
from hms.services.imports_people import NewDoctor
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Rows to take over. ``new_doctors``: login address → how to create that doctor where missing."""

    rows: tuple[ImportRow, ...]
    new_doctors: Mapping[str, NewDoctor] = field(default_factory=dict)
    count_history: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not taken over, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What a batch brought; ``known``: appointments that were there already; ``refs``: new patients' references."""

    patients: frozenset[str] = frozenset()
    doctors: frozenset[str] = frozenset()
    past: int = 0
    booked: int = 0
    known: int = 0
    reviews: int = 0
    penalties: int = 0
    blocked: int = 0
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class _KnownDoctor:
    id: UUID
    slot_duration: int


def take_over(work: Work, batch: ImportBatch) -> Imported:
    """Write one batch and tell what became of its rows; a guard's refusal of any past row refuses the whole batch."""
    work.require(Permission.IMPORT)
    work.silent = True
    known = _known_visits(work, batch.rows)
    rows = [row for row in batch.rows if row.visit is None or row.visit.ref not in known]
    doctors, created = _doctors(work, rows, batch.new_doctors)
    rows, refused = _with_doctor(rows, doctors)
    patients, new_patients = imports_people.patients(work, rows)
    past, future = _split(work, rows, doctors, patients)
    struck = imports_history.write(work, past, count=batch.count_history)
    blocked = 0
    if struck:
        locked = penalties.lock_patients(work, struck)
        events = penalties.recount(work, locked, struck)
        blocked = sum(isinstance(event, PatientBlocked) for event in events)
        if events:
            work.emit(*events)
    booked, turned_away = _book(work, future, doctors, patients)
    return Imported(
        patients=new_patients,
        doctors=created,
        past=len(past),
        booked=booked,
        known=len(batch.rows) - len(rows) - len(refused),
        reviews=sum(visit.row.outcome is None for visit in past),
        penalties=sum(map(len, struck.values())),
        blocked=blocked,
        refused=(*refused, *turned_away),
    )


def refresh_statistics(work: Work) -> None:
    """Tell the planner of what has come in, so that later batches find references by their index."""
    work.require(Permission.IMPORT)
    bulk.refresh_statistics(work.session, Patient, Appointment)


def _known_visits(work: Work, rows: Sequence[ImportRow]) -> set[str]:
    refs = [row.visit.ref for row in rows if row.visit]
    statement = select(Appointment.external_ref).where(
        Appointment.hospital_id == work.actor.hospital_id, Appointment.external_ref.in_(refs)
    )
    return {ref for ref in work.session.scalars(statement) if ref}


def _doctors(
    work: Work, rows: Sequence[ImportRow], new_doctors: Mapping[str, NewDoctor]
) -> tuple[dict[str, _KnownDoctor], frozenset[str]]:
    """Return login address → doctor, having created those whom the batch brings along."""
    emails = {row.visit.doctor_email for row in rows if row.visit}
    known = _find_doctors(work, emails)
    missing = {email: new_doctors[email] for email in sorted(emails - known.keys()) if email in new_doctors}
    created = imports_people.create_doctors(work, missing)
    known |= {email: _KnownDoctor(doctor_id, missing[email].slot_duration) for email, doctor_id in created.items()}
    return known, frozenset(created)


def _find_doctors(work: Work, emails: set[str]) -> dict[str, _KnownDoctor]:
    statement = (
        select(User.email, Doctor.id, Doctor.slot_duration)
        .join(User, User.id == Doctor.user_id)
        .where(Doctor.hospital_id == work.actor.hospital_id, User.email.in_(emails))
    )
    return {email: _KnownDoctor(doctor_id, minutes) for email, doctor_id, minutes in work.session.execute(statement)}


def _with_doctor(
    rows: Sequence[ImportRow], doctors: Mapping[str, _KnownDoctor]
) -> tuple[list[ImportRow], list[Refused]]:
    """Part the rows whose doctor is known from the others."""
    kept, refused = [], []
    for row in rows:
        visit = row.visit
        if visit is None or visit.doctor_email in doctors:
            kept.append(row)
        else:
            reason = (
                f"doctor_email: there is no doctor {visit.doctor_email}; create them first, or let the import do it"
            )
            refused.append(Refused(row.line, reason))
    return kept, refused


def _split(
    work: Work, rows: Sequence[ImportRow], doctors: Mapping[str, _KnownDoctor], patients: Mapping[str, UUID]
) -> tuple[list[PastVisit], list[ImportRow]]:
    past, future = [], []
    for row in rows:
        if (visit := row.visit) is None:
            continue
        doctor = doctors[visit.doctor_email]
        minutes = visit.minutes or doctor.slot_duration
        if is_past(visit, minutes, work.now):
            past.append(PastVisit(visit, patients[row.patient.ref], doctor.id, minutes))
        else:
            future.append(row)
    return past, future


def _book(
    work: Work, rows: Sequence[ImportRow], doctors: Mapping[str, _KnownDoctor], patients: Mapping[str, UUID]
) -> tuple[int, list[Refused]]:
    """Book future visits by all checks. Doctors and patients are locked first, in the order that everybody keeps."""
    if not rows:
        return 0, []
    wanted = {doctors[row.visit.doctor_email].id for row in rows if row.visit}
    lock_doctors(work, wanted, exclusive=False)
    penalties.lock_patients(work, {patients[row.patient.ref] for row in rows})
    booked: list[dict[str, object]] = []
    refused: list[Refused] = []
    for row in rows:
        if row.visit is None:
            continue
        doctor = doctors[row.visit.doctor_email]
        try:
            appointment_id = _book_one(work, row.visit, doctor, patients[row.patient.ref])
        except DomainError as refusal:
            refused.append(Refused(row.line, refusal.message))
        else:
            booked.append({"id": appointment_id, "booked_at": row.visit.booked_at or work.now})
    if booked:
        work.session.flush()
        work.session.execute(update(Appointment), booked)
    return len(booked), refused


def _book_one(work: Work, visit: VisitRow, doctor: _KnownDoctor, patient_id: UUID) -> UUID:
    if visit.minutes not in {None, doctor.slot_duration}:
        reason = f"minutes: this doctor's slots last {doctor.slot_duration} minutes, not {visit.minutes}"
        raise DomainError(Code.NOT_A_SLOT, reason)
    return bookings.book(
        work,
        bookings.Book(
            patient_id=patient_id,
            doctor_id=doctor.id,
            day=visit.day,
            start=visit.start,
            reason=visit.reason,
            type=visit.type,
            external_ref=visit.ref,
        ),
    ).id
