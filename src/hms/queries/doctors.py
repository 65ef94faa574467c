"""Doctors, as everybody who is signed in sees them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.domain.errors import Code, DomainError
from hms.models import Doctor, User


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One doctor. ``slot_duration`` in minutes; ``is_active``: their login is."""

    id: UUID
    user_id: UUID
    first_name: str
    last_name: str
    specialization: str
    slot_duration: int
    max_patients_per_day: int
    is_available: bool
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class DoctorFilters:
    """What to look for; None: whatever. ``available``: takes patients now."""

    specialization: str | None = None
    available: bool | None = None


def listing(
    session: Session, actor: Actor, filters: DoctorFilters, *, after: tuple[str, str, UUID] | None, limit: int
) -> list[DoctorRow]:
    """Return up to ``limit`` doctors by last and first name, those that come after the given one."""
    statement = _doctors(actor).order_by(User.last_name, User.first_name, Doctor.id).limit(limit)
    if filters.specialization is not None:
        statement = statement.where(Doctor.specialization == filters.specialization)
    if filters.available is not None:
        takes_patients = Doctor.is_available & User.is_active
        statement = statement.where(takes_patients if filters.available else ~takes_patients)
    if after is not None:
        statement = statement.where(tuple_(User.last_name, User.first_name, Doctor.id) > after)
    return [DoctorRow(*row) for row in session.execute(statement)]


def one(session: Session, actor: Actor, doctor_id: UUID) -> DoctorRow:
    """Return one doctor of the hospital; raise DOCTOR_NOT_FOUND otherwise."""
    row = session.execute(_doctors(actor).where(Doctor.id == doctor_id)).one_or_none()
    if row is None:
        raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")
    return DoctorRow(*row)


def _doctors(actor: Actor) -> Select[UUID, UUID, str, str, str, int, int, bool, bool, int]:
    require(actor, Permission.SEE_DOCTORS)
    return (
        select(Doctor.id, User.id, User.first_name, User.last_name, Doctor.specialization, Doctor.slot_duration)
        .add_columns(Doctor.max_patients_per_day, Doctor.is_available, User.is_active, Doctor.version)
        .join(User, User.id == Doctor.user_id)
        .where(Doctor.hospital_id == actor.hospital_id)
    )
