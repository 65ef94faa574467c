"""Exported histories: their tasks as those see them whose records they are, and what workers and mails need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select, text
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, may
from hms.access.scope import not_found, own_patients
from hms.domain.errors import Code, DomainError
from hms.domain.events import Asker
from hms.domain.exports import UNDER_WAY, ExportStatus, is_over, progress
from hms.domain.people import Contact, Role
from hms.models import Appointment, ExportAsker, ExportPart, HistoryExport, Patient, PatientGuardian, User

# In the index's own words: SQLite takes a partial index only for conditions that it finds in the statement's text.
_IS_UNDER_WAY = text("history_exports.status IN ('PENDING', 'RUNNING')")


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as its owner sees it. ``progress``: percent; ``size``: bytes; ``expires_at``: until when the file is kept.

    ``error``: why it failed, in words.
    """

    id: UUID
    patient_id: UUID
    status: ExportStatus
    progress: int
    lines: int
    size: int
    asked_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None
    error: str | None

    @property
    def is_under_way(self) -> bool:
        """Whether there is something to wait for."""
        return self.status in UNDER_WAY


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that may be given out: how many parts it has, and how long it is. ``day``: when it was asked for."""

    id: UUID
    parts: int
    size: int
    day: datetime


@dataclass(frozen=True, slots=True)
class DueTask:
    """A task that a worker may take, of whichever hospital."""

    id: UUID
    hospital_id: UUID


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Whose history it is, and who asked for it and may still have it, each once."""

    patient_name: str
    askers: Sequence[Asker]


def one(session: Session, actor: Actor, export_id: UUID, now: datetime) -> TaskRow:
    """Return a task of one's own, or of somebody one looks after; raise NOT_FOUND for all others, staff too."""
    row = session.execute(_own(actor).where(HistoryExport.id == export_id)).one_or_none()
    if row is None:
        raise not_found("Task")
    return _task(row, now)


def latest(session: Session, actor: Actor, now: datetime) -> list[TaskRow]:
    """Return the latest task of each patient whose record is the actor's own, in one statement."""
    e = HistoryExport
    later = HistoryExport.__table__.alias("later")
    is_latest = ~exists().where(
        later.c.patient_id == e.patient_id,
        or_(later.c.asked_at > e.asked_at, (later.c.asked_at == e.asked_at) & (later.c.id > e.id)),
    )
    return [_task(row, now) for row in session.execute(_own(actor).where(is_latest).order_by(e.asked_at.desc(), e.id))]


def file(session: Session, actor: Actor, export_id: UUID, now: datetime) -> FileRow:
    """Return a file to give out; raise NOT_FOUND as `one`, TOO_EARLY before it is done, TOO_LATE when it is gone."""
    task = one(session, actor, export_id, now)
    if task.is_under_way:
        raise DomainError(Code.TOO_EARLY, "This file is not written yet. Please try again in a moment.")
    if task.status is ExportStatus.FAILED:
        raise DomainError(Code.TOO_EARLY, "This file could not be written. Please ask for it again.")
    if task.status is ExportStatus.EXPIRED:
        raise DomainError(Code.TOO_LATE, "This file is not kept any more. Please ask for it again.")
    return FileRow(*session.execute(_file().where(HistoryExport.id == export_id)).one())


def to_mail(
    session: Session, hospital_id: UUID, export_id: UUID, user_id: UUID | None, now: datetime
) -> FileRow | None:
    """Return the file that a mail may carry to who asked for it; None once it is gone, or not theirs any more."""
    e = HistoryExport
    row = session.execute(
        _file()
        .join(Patient, Patient.id == e.patient_id)
        .join(User, User.id == user_id)
        .where(e.id == export_id, e.hospital_id == hospital_id, e.status == ExportStatus.DONE, e.expires_at > now)
        .where(_asked(), _may_have())
    ).one_or_none()
    return None if row is None else FileRow(*row)


def part(session: Session, export_id: UUID, number: int) -> bytes | None:
    """Return one piece of a file that `file` or `to_mail` gave; None when it was deleted meanwhile."""
    return session.scalar(
        select(ExportPart.content).where(ExportPart.export_id == export_id, ExportPart.number == number)
    )


def due(session: Session, machine_now: datetime, limit: int) -> list[DueTask]:
    """Return the tasks that a worker may take, over all hospitals, those that wait longest first."""
    e = HistoryExport
    statement = select(e.id, e.hospital_id).where(_IS_UNDER_WAY, e.due_at <= machine_now).order_by(e.due_at, e.id)
    return [DueTask(*row) for row in session.execute(statement.limit(limit))]


def visits_of(session: Session, hospital_id: UUID, patient_id: UUID, until: datetime) -> int:
    """Count the visits that had begun by ``until``: the lines that the file will have."""
    a = Appointment
    counting = select(func.count()).where(
        a.hospital_id == hospital_id, a.patient_id == patient_id, a.starts_at <= until
    )
    return session.scalar(counting) or 0


def asked_for(session: Session, export: HistoryExport) -> AskedFor:
    """Return whom to tell of an export; one statement."""
    e, p, u = HistoryExport, Patient, User
    rows = session.execute(
        select(u.id, u.first_name, u.last_name, u.email, u.phone, u.language)
        .add_columns(p.first_name.label("patient_first"), p.last_name.label("patient_last"), p.user_id)
        .select_from(e)
        .join(p, p.id == e.patient_id)
        .outerjoin(u, _asked() & _may_have())
        .where(e.id == export.id)
        .order_by(u.id)
    ).all()
    return AskedFor(f"{rows[0].patient_first} {rows[0].patient_last}", [_asker(row) for row in rows if row.id])


def _asker(row: Row[Any]) -> Asker:
    name = f"{row.first_name} {row.last_name}"
    contact = Contact(name, user_id=row.id, email=row.email, phone=row.phone, language=row.language)
    return Asker(contact, is_own=row.user_id == row.id)


def _asked() -> ColumnElement[bool]:
    """Build the condition that the login asked for the file, first or while it was being written."""
    e, also = HistoryExport, ExportAsker
    return or_(User.id == e.user_id, exists().where(also.export_id == e.id, also.user_id == User.id))


def _may_have() -> ColumnElement[bool]:
    """Build the condition that the login is alive, and the patient's own or a guardian's of theirs."""
    guards = exists().where(PatientGuardian.user_id == User.id, PatientGuardian.patient_id == Patient.id)
    return User.is_active & (User.role == Role.PATIENT) & or_(Patient.user_id == User.id, guards)


def _own(actor: Actor) -> Select[Any]:
    e = HistoryExport
    if not may(actor, Permission.SEE_OWN_RECORD) or not actor.patient_ids:
        raise not_found("Task")
    return (
        select(e.id, e.patient_id, e.status, e.lines_done, e.lines_total, e.size)
        .add_columns(e.asked_at, e.completed_at, e.expires_at, e.error)
        .where(e.hospital_id == actor.hospital_id, own_patients(actor, e.patient_id))
    )


def _file() -> Select[UUID, int, int, datetime]:
    e = HistoryExport
    return select(e.id, e.parts, e.size, e.asked_at)


def _task(row: Row[Any], now: datetime) -> TaskRow:
    status = ExportStatus.EXPIRED if is_over(row.status, row.expires_at, now) else row.status
    return TaskRow(
        id=row.id,
        patient_id=row.patient_id,
        status=status,
        progress=progress(status, row.lines_done, row.lines_total),
        lines=row.lines_done,
        size=row.size,
        asked_at=row.asked_at,
        completed_at=row.completed_at,
        expires_at=row.expires_at,
        error=row.error,
    )
