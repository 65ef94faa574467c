"""Doctors: create with their login, and edit calendar figures with all that follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.people import Role
from hms.models import Doctor
from hms.queries import doctors
from hms.services.availability import Unavailability, make_unavailable
from hms.services.calendars import lock_doctor
from hms.services.slots import Regenerated, relay
from hms.services.users import NewUser, add_login
from hms.transaction import Work, require_version

EDITABLE = frozenset({"specialization", "slot_duration", "max_patients_per_day", "is_available"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDoctor:
    """A doctor to be, with the login's own part. ``slot_duration`` in minutes."""

    login: NewUser
    specialization: str
    slot_duration: int = 30
    max_patients_per_day: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class EditDoctor:
    """What to change, by attribute; ``version`` is the one that was seen."""

    doctor_id: UUID
    changes: Mapping[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class DoctorChange:
    """What followed for slots (another slot length) and for visits (no longer available)."""

    slots: Regenerated | None
    unavailability: Unavailability | None


def create(work: Work, command: NewDoctor) -> UUID:
    """Create a doctor and their login; raise EMAIL_TAKEN."""
    work.require(Permission.MANAGE_DOCTORS)
    if command.login.role is not Role.DOCTOR:
        raise DomainError(Code.VALIDATION, "A doctor's login has the role DOCTOR.", [Detail("role", "must be DOCTOR")])
    user = add_login(work, command.login)
    row = Doctor(
        hospital_id=work.actor.hospital_id,
        user_id=user.id,
        specialization=command.specialization,
        slot_duration=command.slot_duration,
        max_patients_per_day=command.max_patients_per_day,
        created_at=work.now,
    )
    work.session.add(row)
    work.changed("doctor", "created", row, specialization=row.specialization, slot_duration=row.slot_duration)
    return row.id


def update(work: Work, command: EditDoctor) -> DoctorChange:
    """Edit a doctor; another slot length lays the slots anew, unavailability cancels what lies ahead.

    Raise DOCTOR_NOT_FOUND or STALE_VERSION with the present row.
    """
    work.require(Permission.MANAGE_DOCTORS)
    doctor = lock_doctor(work, command.doctor_id, exclusive=True)
    require_version(doctor, command.version, doctors.one(work.session, work.actor, doctor.id))
    changes = {
        name: value for name, value in command.changes.items() if name in EDITABLE and getattr(doctor, name) != value
    }
    for name, value in changes.items():
        setattr(doctor, name, value)
    doctor.version += 1
    work.changed("doctor", "edited", doctor, **changes)
    regenerated = relay(work, doctor) if "slot_duration" in changes else None
    stopped = make_unavailable(work, doctor) if changes.get("is_available") is False else None
    return DoctorChange(regenerated, stopped)
