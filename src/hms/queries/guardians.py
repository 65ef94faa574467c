"""Who looks after whom."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.models import Patient, PatientGuardian, User
from hms.queries import patients


@dataclass(frozen=True, slots=True)
class GuardianRow:
    """A login that may act for a patient, since ``linked_at``."""

    user_id: UUID
    first_name: str
    last_name: str
    email: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class Dependant:
    """A patient whom a login may act for."""

    id: UUID
    mrn: str
    first_name: str
    last_name: str
    date_of_birth: date | None


def of_patient(session: Session, actor: Actor, patient_id: UUID) -> list[GuardianRow]:
    """Return the logins that act for a patient, by name; raise NOT_FOUND as for the patient. Staff only."""
    require(actor, Permission.FIND_PATIENTS)
    patients.one(session, actor, patient_id)
    g = PatientGuardian
    statement = (
        select(User.id, User.first_name, User.last_name, User.email, g.created_at)
        .join(g, g.user_id == User.id)
        .where(g.patient_id == patient_id, g.hospital_id == actor.hospital_id)
        .order_by(User.last_name, User.first_name, User.id)
    )
    return [GuardianRow(*row) for row in session.execute(statement)]


def dependants(session: Session, actor: Actor) -> list[Dependant]:
    """Return the patients whom the actor looks after, eldest first; without a statement when there are none."""
    if not actor.dependants:
        return []
    p = Patient
    statement = (
        select(p.id, p.mrn, p.first_name, p.last_name, p.date_of_birth)
        .where(p.hospital_id == actor.hospital_id, p.id.in_(sorted(actor.dependants)))
        .order_by(p.date_of_birth, p.first_name, p.id)
    )
    return [Dependant(*row) for row in session.execute(statement)]
