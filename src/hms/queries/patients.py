"""Patients: staff search all of their hospital's, patients read their own and their dependants'."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_, union
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.access.scope import not_found
from hms.domain.people import PatientStatus, Sex, dialled, fold, phone_tail, same_name
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


@dataclass(frozen=True, slots=True)
class Person:
    """By what people are compared with those registered. ``mrn``: the number that they say they have."""

    first_name: str
    last_name: str
    date_of_birth: date | None = None
    phone: str | None = None
    email: str | None = None
    mrn: str | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """A patient who may be the same person. ``same``: what agrees: nameAndDateOfBirth, mrn, phone, email."""

    patient: PatientRow
    same: list[str]

    @property
    def words(self) -> str:
        """Who it is and what agrees, for people."""
        who, born = self.patient, self.patient.date_of_birth
        since = f", born {born.day} {born:%B %Y}" if born else ""
        agreeing = " and ".join(_SAME[what] for what in self.same)
        return f"{who.first_name} {who.last_name}, {who.mrn}{since}: the same {agreeing}"


_SAME = {
    "nameAndDateOfBirth": "name and date of birth",
    "mrn": "patient number",
    "phone": "phone number",
    "email": "email address",
}
MOST_ALIKE = 10


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


def alike(session: Session, actor: Actor, person: Person) -> list[Alike]:
    """Return up to 10 patients who may be this person: those with more in common first, then by name.

    The same folded name and date of birth, the same phone number however it is written, the same address or number.
    One statement, three small looks into indices.
    """
    require(actor, Permission.FIND_PATIENTS)
    tail, email = phone_tail(person.phone), (person.email or "").strip().lower()
    chances: list[ColumnElement[bool]] = []
    if person.date_of_birth is not None:
        chances.append(Patient.date_of_birth == person.date_of_birth)
    if tail:
        chances.append(Patient.phone_tail == tail)
    if email:
        chances.append(Patient.email == email)
    if person.mrn:
        chances.append(Patient.mrn == _number(person))
    if not chances:
        return []
    found = []
    # Several looks instead of one «or»: each then takes its index, on both engines.
    looks = [select(Patient.id).where(Patient.hospital_id == actor.hospital_id, chance) for chance in chances]
    for row in session.execute(_patients(actor).where(Patient.id.in_(union(*looks)))):
        patient = PatientRow(*row)
        if same := _common(person, patient):
            found.append(Alike(patient, same))
    found.sort(key=lambda one: (-len(one.same), one.patient.last_name, one.patient.first_name, one.patient.id))
    return found[:MOST_ALIKE]


def _common(person: Person, patient: PatientRow) -> list[str]:
    tail, email = phone_tail(person.phone), (person.email or "").strip().lower()
    born = person.date_of_birth is not None and patient.date_of_birth == person.date_of_birth
    named = same_name((person.first_name, person.last_name), (patient.first_name, patient.last_name))
    agrees = {
        "nameAndDateOfBirth": born and named,
        "mrn": patient.mrn == _number(person),
        "phone": bool(tail) and phone_tail(patient.phone) == tail,
        "email": bool(email) and (patient.email or "").lower() == email,
    }
    return [what for what, same in agrees.items() if same]


def _number(person: Person) -> str:
    return (person.mrn or "").strip().upper()


def words_of(search: str) -> list[str]:
    """Split what somebody typed into folded words; a phone number, however it is written, becomes its digits."""
    if search.strip() and all(c.isdigit() or c in "+-./() " for c in search.strip()):
        digits = "".join(c for c in search if c.isdigit())
        return [dialled(digits)] if digits else []
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
