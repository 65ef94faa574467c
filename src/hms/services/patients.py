"""Patients: register, edit, and sign up for oneself."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from hms.access.permissions import Permission, may
from hms.access.scope import find
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.people import PatientStatus, Role, Sex, medical_record_number, patient_search_text
from hms.models import Patient
from hms.queries import patients
from hms.services import penalties
from hms.services.users import NewUser, add_login
from hms.transaction import Work, require_version

PERSON = frozenset({"first_name", "last_name", "date_of_birth", "sex"})
CONTACT = frozenset({"phone", "email", "language"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    """Somebody to be registered; a family may share phone and email."""

    first_name: str
    last_name: str
    date_of_birth: date | None = None
    sex: Sex = Sex.UNKNOWN
    phone: str | None = None
    email: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPatient:
    """What to change, by attribute; ``version`` is the one that was seen."""

    patient_id: UUID
    changes: Mapping[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """A new patient who makes the login themself."""

    patient: NewPatient
    login: NewUser


def create(work: Work, command: NewPatient) -> UUID:
    """Register a patient with a fresh record number; raise VALIDATION for a birth date to come."""
    work.require(Permission.REGISTER_PATIENTS)
    return _add(work, command).id


def sign_up(work: Work, command: SignUp) -> UUID:
    """Register a patient along with their login and return the login's id; raise EMAIL_TAKEN or VALIDATION."""
    if command.login.role is not Role.PATIENT:
        raise DomainError(Code.VALIDATION, "Only patients sign up by themselves.", [Detail("role", "must be PATIENT")])
    user = add_login(work, command.login)
    _add(work, command.patient, user_id=user.id)
    return user.id


def update(work: Work, command: EditPatient) -> None:
    """Edit a patient: staff everything but a block, patients how they themselves can be reached.

    Raise NOT_FOUND, FORBIDDEN, STALE_VERSION with the present row, or CONFLICT for the standing of a blocked patient.
    """
    row = find(work.session, work.actor, Patient, command.patient_id, lock=True)
    current = patients.one(work.session, work.actor, row.id)  # of others' records, patients learn nothing
    require_version(row, command.version, current)
    changes = {name: value for name, value in command.changes.items() if getattr(row, name) != value}
    _require_allowed(work, row, changes)
    for name, value in changes.items():
        setattr(row, name, value)
    _require_born(work, row.date_of_birth)
    row.search_text = patient_search_text(row.first_name, row.last_name, row.mrn, row.phone)
    row.version += 1
    shown = {"status": row.status} if "status" in changes else {}
    work.changed("patient", "edited", row, fields=sorted(changes), **shown)
    if changes.get("status") is PatientStatus.ACTIVE and (turns := penalties.recount(work, {row.id: row})):
        work.emit(*turns)  # what came in meanwhile could not block somebody who was inactive


def _add(work: Work, command: NewPatient, user_id: UUID | None = None) -> Patient:
    _require_born(work, command.date_of_birth)
    mrn = medical_record_number(work.hospital.code, secrets.choice)
    row = Patient(
        hospital_id=work.actor.hospital_id,
        user_id=user_id,
        mrn=mrn,
        first_name=command.first_name,
        last_name=command.last_name,
        date_of_birth=command.date_of_birth,
        sex=command.sex,
        phone=command.phone,
        email=command.email,
        language=command.language,
        search_text=patient_search_text(command.first_name, command.last_name, mrn, command.phone),
        created_at=work.now,
    )
    work.session.add(row)
    work.changed("patient", "created", row, mrn=mrn)
    return row


def _require_born(work: Work, date_of_birth: date | None) -> None:
    if date_of_birth is not None and not date(1880, 1, 1) <= date_of_birth <= work.today:
        reason = "must lie in the past"
        raise DomainError(Code.VALIDATION, f"The date of birth {reason}.", [Detail("dateOfBirth", reason)])


def _require_allowed(work: Work, row: Patient, changes: Mapping[str, Any]) -> None:
    if not may(work.actor, Permission.REGISTER_PATIENTS) and not changes.keys() <= CONTACT:
        raise DomainError(Code.FORBIDDEN, "Please ask the clinic to change this. You may change how we reach you.")
    if not changes.keys() <= PERSON | CONTACT | {"status"}:
        raise DomainError(Code.VALIDATION, "Some of these cannot be edited.")
    if "status" in changes and PatientStatus.BLOCKED in {row.status, changes["status"]}:
        raise DomainError(Code.CONFLICT, "Blocking and unblocking need a note of an admin, on the no-show page.")
