"""Patients: register, edit, and give a login its record."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hms.access.permissions import Permission, may
from hms.access.scope import find
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.people import PatientStatus, Sex, medical_record_number, patient_search_text, phone_tail, same_name
from hms.models import Hospital, Patient
from hms.queries import patients
from hms.queries.patients import Alike, Person
from hms.services import penalties, phones
from hms.transaction import Work, require_version

PERSON = frozenset({"first_name", "last_name", "date_of_birth", "sex"})
CONTACT = frozenset({"phone", "email", "language"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    """Somebody to be registered; a family may share phone and email.

    ``language``: one of `hms.languages`; empty: the hospital's. ``mrn``: the number that they say they have, only
    compared. ``anyway``: register them although somebody like that
    is registered already.
    """

    first_name: str
    last_name: str
    date_of_birth: date | None = None
    sex: Sex = Sex.UNKNOWN
    phone: str | None = None
    email: str | None = None
    language: str = ""
    mrn: str | None = None
    anyway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPatient:
    """What to change, by attribute; ``version`` is the one that was seen."""

    patient_id: UUID
    changes: Mapping[str, Any]
    version: int | None = None


def create(work: Work, command: NewPatient) -> UUID:
    """Register a patient with a fresh record number; raise VALIDATION for a birth date to come or an unreadable number.

    Raises POSSIBLE_DUPLICATE, which names them, when somebody like that is registered already, unless ``anyway``.
    """
    work.require(Permission.REGISTER_PATIENTS)
    require_born(work, command.date_of_birth)
    command = replace(command, phone=phones.dialable(work, command.phone))
    if not command.anyway:
        # Two desks that register the same person at once: the second one waits here, and finds the first one's.
        work.session.execute(
            select(Hospital.id).where(Hospital.id == work.actor.hospital_id).with_for_update(key_share=True)
        )
        _require_new(patients.alike(work.session, work.actor, person_of(command)))
    return _add(work, command).id


def add_own(work: Work, command: NewPatient, user_id: UUID) -> None:
    """Give a login whose address is verified its patient: the desk's record of the same person, or a new one.

    It is the same person's only if name, birth date and that very address agree with one record that has no login;
    a block stays on it.
    """
    row = _record_of(work, command)
    if row is None:
        _add(work, command, user_id=user_id)
        return
    row.user_id = user_id
    row.version += 1
    work.changed("patient", "login_linked", row, user_id=user_id)


def person_of(command: NewPatient) -> Person:
    """Return by what a patient to be is compared with those there are."""
    named = (command.first_name, command.last_name, command.date_of_birth)
    return Person(*named, command.phone, command.email, command.mrn)


def update(work: Work, command: EditPatient) -> None:
    """Edit a patient: staff everything but a block, patients how they themselves can be reached.

    Raise NOT_FOUND, FORBIDDEN, STALE_VERSION with the present row, or CONFLICT for the standing of a blocked patient.
    """
    row = find(work.session, work.actor, Patient, command.patient_id, lock=True)
    current = patients.one(work.session, work.actor, row.id)  # of others' records, patients learn nothing
    require_version(row, command.version, current)
    changes = {name: value for name, value in command.changes.items() if getattr(row, name) != value}
    _require_allowed(work, row, changes)
    if "phone" in changes:
        changes["phone"] = phones.dialable(work, changes["phone"])
    for name, value in changes.items():
        setattr(row, name, value)
    require_born(work, row.date_of_birth)
    row.search_text = patient_search_text(row.first_name, row.last_name, row.mrn, row.phone)
    row.phone_tail, row.email = phone_tail(row.phone), row.email.lower() if row.email else None
    row.version += 1
    shown = {"status": row.status} if "status" in changes else {}
    work.changed("patient", "edited", row, fields=sorted(changes), **shown)
    if changes.get("status") is PatientStatus.ACTIVE and (turns := penalties.recount(work, {row.id: row})):
        work.emit(*turns)  # what came in meanwhile could not block somebody who was inactive


def _add(work: Work, command: NewPatient, user_id: UUID | None = None) -> Patient:
    require_born(work, command.date_of_birth)
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
        phone_tail=phone_tail(command.phone),
        email=command.email.lower() if command.email else None,
        language=work.hospital.language(command.language),
        search_text=patient_search_text(command.first_name, command.last_name, mrn, command.phone),
        created_at=work.now,
    )
    work.session.add(row)
    work.changed("patient", "created", row, mrn=mrn)
    return row


def require_born(work: Work, date_of_birth: date | None) -> None:
    """Raise VALIDATION for a date of birth to come, or beyond the age that people reach."""
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


def _require_new(alike: list[Alike]) -> None:
    if alike:
        raise DomainError(
            Code.POSSIBLE_DUPLICATE,
            "Somebody like that is registered already. Take their record, or say that this is another person.",
            [Detail("anyway", one.words) for one in alike],
            current=alike,
        )


def _record_of(work: Work, command: NewPatient) -> Patient | None:
    if command.date_of_birth is None or not command.email:
        return None
    found = select(Patient).where(
        Patient.hospital_id == work.actor.hospital_id,
        Patient.date_of_birth == command.date_of_birth,
        Patient.email.is_not(None),
        Patient.user_id.is_(None),
        Patient.status != PatientStatus.INACTIVE,
    )
    names = (command.first_name, command.last_name)
    rows = work.session.scalars(found.order_by(Patient.id).with_for_update(key_share=True)).all()
    # Compared here: SQL's lower() knows the letters of English alone.
    same = [
        row
        for row in rows
        if row.email
        and row.email.lower() == command.email.lower()
        and same_name(names, (row.first_name, row.last_name))
    ]
    return same[0] if len(same) == 1 else None
