"""Monthly reports: what one would say, whose are still to be written, and those that were."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus, diagnosis_in_words, prescriptions_in_words
from hms.domain.people import Contact
from hms.domain.reports import ReportLine, ReportTotals, month_after
from hms.models import Appointment, Consultation, Doctor, MonthlyReport, Patient, User


@dataclass(frozen=True, slots=True)
class DoctorKey:
    """A doctor whose report is still to be written."""

    id: UUID

    @property
    def place(self) -> UUID:
        """Where it stands among the others."""
        return self.id


@dataclass(frozen=True, slots=True)
class MonthOfDoctor:
    """What a doctor's report says of a month; ``lines`` by time."""

    doctor_id: UUID
    doctor: Contact
    specialization: str
    totals: ReportTotals
    lines: tuple[ReportLine, ...]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report without its lines. ``month``: its first day; ``written_at``: hospital clock."""

    id: UUID
    doctor_id: UUID
    first_name: str
    last_name: str
    specialization: str
    month: date
    totals: ReportTotals
    written_at: datetime


@dataclass(frozen=True, slots=True)
class WholeReport:
    """A report with its lines."""

    row: ReportRow
    lines: tuple[ReportLine, ...]


Newest = tuple[date, str, UUID]
"""A report's place in the list: month, the doctor's last name, identifier."""


def unreported(session: Session, hospital_id: UUID, month: date, limit: int, after: UUID | None) -> list[DoctorKey]:
    """Return the active doctors who had appointments in ``month`` and have no report of it, by id, in one statement."""
    written = exists().where(MonthlyReport.doctor_id == Doctor.id, MonthlyReport.month == month)
    worked = exists().where(Appointment.doctor_id == Doctor.id, *_counting(month))
    statement = (
        select(Doctor.id)
        .join(User, User.id == Doctor.user_id)
        .where(Doctor.hospital_id == hospital_id, User.is_active, worked, ~written)
        .order_by(Doctor.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(Doctor.id > after)
    return [DoctorKey(doctor_id) for doctor_id in session.scalars(statement)]


def months_of(session: Session, hospital_id: UUID, doctor_ids: Collection[UUID], month: date) -> list[MonthOfDoctor]:
    """Return what the doctors' reports of ``month`` say now, by doctor, in two statements.

    Cancelled appointments don't count; the lines are of the completed ones, with what was written down of them.
    """
    u, d = User, Doctor
    doctors = session.execute(
        select(d.id, d.specialization, u.id, u.first_name, u.last_name, u.email, u.phone, u.language)
        .join(u, u.id == d.user_id)
        .where(d.hospital_id == hospital_id, d.id.in_(doctor_ids))
        .order_by(d.id)
    ).all()
    visits: dict[UUID, list[Any]] = {row[0]: [] for row in doctors}
    for row in session.execute(_visits(hospital_id, doctor_ids, month)):
        visits[row.doctor_id].append(row)
    return [
        MonthOfDoctor(
            doctor_id=doctor_id,
            doctor=Contact(f"{first} {last}", None, user_id, email, phone, language),
            specialization=specialization,
            totals=_totals(visits[doctor_id]),
            lines=tuple(_line(row) for row in visits[doctor_id] if row.status is Status.COMPLETED),
        )
        for doctor_id, specialization, user_id, first, last, email, phone, language in doctors
    ]


def listing(
    session: Session, actor: Actor, *, doctor_id: UUID | None = None, after: Newest | None = None, limit: int = 50
) -> list[ReportRow]:
    """Return reports, the latest month first, then by name; doctors see only their own. FORBIDDEN for others."""
    statement = _reports(actor)
    if doctor_id is not None:
        statement = statement.where(MonthlyReport.doctor_id == doctor_id)
    if after is not None:
        month, name, row_id = after
        behind = tuple_(User.last_name, MonthlyReport.id) > (name, row_id)
        statement = statement.where((MonthlyReport.month < month) | and_(MonthlyReport.month == month, behind))
    ordered = statement.order_by(MonthlyReport.month.desc(), User.last_name, MonthlyReport.id).limit(limit)
    return [_row(tuple(row)) for row in session.execute(ordered)]


def one(session: Session, actor: Actor, report_id: UUID) -> WholeReport:
    """Return a report with its lines; NOT_FOUND for another doctor's or hospital's, FORBIDDEN for who has none."""
    found = session.execute(
        _reports(actor).add_columns(MonthlyReport.lines).where(MonthlyReport.id == report_id)
    ).one_or_none()
    if found is None:
        raise not_found("Report")
    *row, lines = found
    return WholeReport(_row(tuple(row)), tuple(ReportLine.read(line) for line in lines))


def _visits(hospital_id: UUID, doctor_ids: Collection[UUID], month: date) -> Select[Any]:
    a, c, p = Appointment, Consultation, Patient
    return (
        select(a.doctor_id, a.status, a.appointment_date, a.start_time, p.first_name, p.last_name)
        .add_columns(c.id.label("consultation_id"), c.diagnosis, c.treatment_notes, c.prescriptions)
        .join(p, p.id == a.patient_id)
        .outerjoin(c, and_(c.appointment_id == a.id, c.status == ConsultationStatus.COMPLETED))
        .where(a.hospital_id == hospital_id, a.doctor_id.in_(doctor_ids), *_counting(month))
        .order_by(a.starts_at, a.id)
    )


def _counting(month: date) -> tuple[ColumnElement[bool], ...]:
    a = Appointment
    in_month = a.appointment_date >= month, a.appointment_date < month_after(month)
    return (*in_month, a.status != Status.CANCELLED)


def _totals(visits: list[Any]) -> ReportTotals:
    return ReportTotals(
        appointments=len(visits),
        completed=sum(row.status is Status.COMPLETED for row in visits),
        no_shows=sum(row.status is Status.NO_SHOW for row in visits),
        treatments=sum(bool(_treatment(row)) for row in visits),
    )


def _line(row: Any) -> ReportLine:
    return ReportLine(
        date=row.appointment_date,
        start=row.start_time,
        patient=f"{row.first_name} {row.last_name}",
        diagnosis=diagnosis_in_words(row.diagnosis or ()),
        treatment=_treatment(row),
    )


def _treatment(row: Any) -> str:
    if row.consultation_id is None:
        return ""
    written = [(row.treatment_notes or "").strip(), prescriptions_in_words(row.prescriptions)]
    return "\n".join(part for part in written if part)


def _reports(actor: Actor) -> Select[Any]:
    require(actor, Permission.SEE_REPORTS)
    r = MonthlyReport
    statement = (
        select(r.id, r.doctor_id, User.first_name, User.last_name, r.specialization, r.month)
        .add_columns(r.appointments, r.completed, r.no_shows, r.treatments, r.written_at)
        .join(Doctor, Doctor.id == r.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .where(r.hospital_id == actor.hospital_id)
    )
    return statement if actor.doctor_id is None else statement.where(r.doctor_id == actor.doctor_id)


def _row(cells: tuple[Any, ...]) -> ReportRow:
    totals: tuple[Any, ...] = (ReportTotals(*cells[6:10]),)
    return ReportRow(*cells[:6] + totals + cells[10:])
