"""Patients: staff search all of their hospital's, patients read their own and their dependants'."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.access.scope import not_found
from hms.domain.people import PatientStatus, Sex, fold
from hms.models import Patient


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient."""

    id: UUID
    mrn: str
    first_name: str
    last_name: str
    date_of_birth: date | None
    sex: Sex
    phone: str | None
    email: str | None
    language: str
    status: PatientStatus
    no_show_count: int
    blocked_reason: str | None
    version: int


@dataclass(frozen=True, slots=True)
class PatientFilters:
    """What to look for; None: whatever. ``search``: words of the name in any order, of the MRN, or phone digits."""

    search: str | None = None
    status: PatientStatus | None = None
    date_of_birth: date | None = None


def listing(
    session: Session, actor: Actor, filters: PatientFilters, *, after: tuple[str, str, UUID] | None, limit: int
) -> list[PatientRow]:
    """Return up to ``limit`` patients by last and first name, those that come after the given one."""
    require(actor, Permission.FIND_PATIENTS)
    statement = _patients(actor).order_by(Patient.last_name, Patient.first_name, Patient.id).limit(limit)
    for word in words_of(filters.search or ""):
        statement = statement.where(Patient.search_text.contains(word, autoescape=True))
    if filters.status is not None:
        statement = statement.where(Patient.status == filters.status)
    if filters.date_of_birth is not None:
        statement = statement.where(Patient.date_of_birth == filters.date_of_birth)
    if after is not None:
        statement = statement.where(tuple_(Patient.last_name, Patient.first_name, Patient.id) > after)
    return [PatientRow(*row) for row in session.execute(statement)]


def one(session: Session, actor: Actor, patient_id: UUID) -> PatientRow:
    """Return one patient; to a patient, only they and their dependants exist. Raise NOT_FOUND otherwise."""
    if not may(actor, Permission.FIND_PATIENTS) and not actor.owns(patient_id):
        raise not_found("Patient")
    row = session.execute(_patients(actor).where(Patient.id == patient_id)).one_or_none()
    if row is None:
        raise not_found("Patient")
    return PatientRow(*row)


def words_of(search: str) -> list[str]:
    """Split what somebody typed into folded words; a phone number, however it is written, becomes its digits."""
    if search.strip() and all(c.isdigit() or c in "+-./() " for c in search.strip()):
        digits = "".join(c for c in search if c.isdigit())
        return [digits] if digits else []
    return [word.strip(",;") for word in fold(search).split() if word.strip(",;")]


def _patients(
    actor: Actor,
) -> Select[UUID, str, str, str, date | None, Sex, str | None, str | None, str, PatientStatus, int, str | None, int]:
    p = Patient
    return (
        select(p.id, p.mrn, p.first_name, p.last_name, p.date_of_birth, p.sex, p.phone, p.email, p.language)
        .add_columns(p.status, p.no_show_count, p.blocked_reason, p.version)
        .where(p.hospital_id == actor.hospital_id)
    )
