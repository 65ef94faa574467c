"""Patients and doctors that an import brings along."""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hms.domain.errors import Code, DomainError
from hms.domain.events import Changed
from hms.domain.imports import ImportRow, PatientRow
from hms.domain.people import PatientStatus, Role, medical_record_number, patient_search_text, phone_tail
from hms.domain.slots import WeeklyBlock
from hms.models import Doctor, DoctorSchedule, Patient, User, new_id
from hms.models.bulk import insert_rows
from hms.transaction import Work

Row = dict[str, Any]
NO_PASSWORD = "!"  # noqa: S105 -- matches no password: an admin sets one before this doctor signs in


@dataclass(frozen=True, slots=True)
class NewDoctor:
    """What to create a doctor with whom the rows name and nobody knows. ``slot_duration`` in minutes."""

    first_name: str
    last_name: str
    specialization: str
    slot_duration: int
    max_patients_per_day: int
    week: tuple[WeeklyBlock, ...]


def patients(work: Work, rows: Sequence[ImportRow]) -> tuple[dict[str, UUID], frozenset[str]]:
    """Return reference → patient of all rows, having inserted those not yet here, and the new ones' references.

    Who is here stays as they are, whatever the row says.
    """
    wanted = {row.patient.ref: row.patient for row in reversed(rows)}  # of several rows the first one counts
    statement = select(Patient.external_ref, Patient.id).where(
        Patient.hospital_id == work.actor.hospital_id, Patient.external_ref.in_(wanted)
    )
    found: dict[str, UUID] = {ref: row_id for ref, row_id in work.session.execute(statement) if ref}
    # Record numbers need to be unique, not secret: one source of chance seeded afresh is many times faster.
    chance = random.Random(secrets.randbits(128))  # noqa: S311
    fresh = [_patient(work, patient, chance) for ref, patient in wanted.items() if ref not in found]
    if fresh:
        insert_rows(work.session, Patient, fresh)
        work.emit(*(_imported("patient", row["id"], external_ref=row["external_ref"]) for row in fresh))
    found |= {row["external_ref"]: row["id"] for row in fresh}
    return found, frozenset(row["external_ref"] for row in fresh)


def create_doctors(work: Work, wanted: Mapping[str, NewDoctor]) -> dict[str, UUID]:
    """Create doctors with login, week and slot length; return login address → doctor.

    Raise EMAIL_TAKEN when one of the addresses is somebody else's login.
    """
    if not wanted:
        return {}
    _require_free(work, wanted)
    created = {email: new_id() for email in wanted}
    logins = {email: new_id() for email in wanted}
    blocks = [_block(work, created[email], block) for email, doctor in wanted.items() for block in doctor.week]
    session = work.session
    insert_rows(session, User, [_login(work, logins[email], email, doctor) for email, doctor in wanted.items()])
    insert_rows(
        session, Doctor, [_doctor(work, created[email], logins[email], doctor) for email, doctor in wanted.items()]
    )
    if blocks:
        insert_rows(session, DoctorSchedule, blocks)
    work.emit(*(_imported("doctor", row_id, email=email) for email, row_id in created.items()))
    return created


def _require_free(work: Work, emails: Mapping[str, NewDoctor]) -> None:
    statement = select(User.email).where(User.hospital_id == work.actor.hospital_id, User.email.in_(emails))
    for email in work.session.scalars(statement):
        raise DomainError(Code.EMAIL_TAKEN, f"doctor_email: {email} is the login of somebody who is no doctor")


def _login(work: Work, user_id: UUID, email: str, doctor: NewDoctor) -> Row:
    return {
        "id": user_id,
        "hospital_id": work.actor.hospital_id,
        "email": email,
        "password_hash": NO_PASSWORD,
        "role": Role.DOCTOR,
        "first_name": doctor.first_name,
        "last_name": doctor.last_name,
        "created_at": work.now,
    }


def _doctor(work: Work, doctor_id: UUID, user_id: UUID, doctor: NewDoctor) -> Row:
    return {
        "id": doctor_id,
        "hospital_id": work.actor.hospital_id,
        "user_id": user_id,
        "specialization": doctor.specialization,
        "slot_duration": doctor.slot_duration,
        "max_patients_per_day": doctor.max_patients_per_day,
        "created_at": work.now,
    }


def _block(work: Work, doctor_id: UUID, block: WeeklyBlock) -> Row:
    return {
        "id": new_id(),
        "hospital_id": work.actor.hospital_id,
        "doctor_id": doctor_id,
        "day_of_week": block.day_of_week,
        "start_time": block.start,
        "end_time": block.end,
        "break_start": block.break_start,
        "break_end": block.break_end,
    }


def _patient(work: Work, patient: PatientRow, chance: random.Random) -> Row:
    mrn = medical_record_number(work.hospital.code, chance.choice)
    return {
        "id": new_id(),
        "hospital_id": work.actor.hospital_id,
        "mrn": mrn,
        "first_name": patient.first_name,
        "last_name": patient.last_name,
        "date_of_birth": patient.date_of_birth,
        "sex": patient.sex,
        "phone": patient.phone,
        "phone_tail": phone_tail(patient.phone),
        "email": patient.email.lower() if patient.email else None,
        "language": patient.language,
        "status": PatientStatus.ACTIVE,
        "search_text": patient_search_text(patient.first_name, patient.last_name, mrn, patient.phone),
        "external_ref": patient.ref,
        "created_at": work.now,
    }


def _imported(noun: str, row_id: UUID, **values: Any) -> Changed:
    return Changed(entity_id=row_id, noun=noun, verb="imported", values=values)
