"""Penalties by doctor and by patient, by the days of the missed visits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Subquery, func, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.figures import Wanted
from hms.domain.people import PatientStatus
from hms.models import Doctor, Patient, User
from hms.queries.figures.asking import allow
from hms.queries.figures.coverage import coverage
from hms.queries.figures.facts import PENALTIES, facts_by_doctor, penalties_by_patient
from hms.queries.figures.measures import total
from hms.queries.figures.patients import is_gathered, most


@dataclass(frozen=True, slots=True)
class Penalties:
    """Penalties struck. ``counting``: neither waived, justified nor taken back; one may be several of these."""

    penalties: int
    counting: int
    waived: int
    justified: int
    taken_back: int


NONE = Penalties(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class DoctorPenalties:
    """What missed visits with a doctor cost in the period, and in as many days before."""

    doctor_id: UUID
    first_name: str
    last_name: str
    numbers: Penalties
    before: Penalties


@dataclass(frozen=True, slots=True)
class PenaltiesByDoctor:
    """All doctors with penalties in the period or the one before, most of the period first."""

    first: date
    last: date
    rows: Sequence[DoctorPenalties]


@dataclass(frozen=True, slots=True)
class PatientPenalties:
    """What a patient's missed visits cost. ``status`` and ``no_show_count``: now, whatever the period."""

    patient_id: UUID
    mrn: str
    first_name: str
    last_name: str
    status: PatientStatus
    no_show_count: int
    numbers: Penalties


@dataclass(frozen=True, slots=True)
class PenaltiesByPatient:
    """The patients with most penalties in the period; ``patients``: how many have any, ``numbers``: of all of them."""

    first: date
    last: date
    patients: int
    numbers: Penalties
    rows: Sequence[PatientPenalties]


def by_doctor(session: Session, actor: Actor, wanted: Wanted) -> PenaltiesByDoctor:
    """Count penalties by the doctor of the visit, beside the period before; two statements."""
    allow(session, actor, wanted)
    of = coverage(session, actor.hospital_id, wanted.with_before, split=wanted.first)
    rows = facts_by_doctor(of, PENALTIES)
    now = (rows.c.day >= wanted.first).label("now")
    sums = [total(rows.c[name]).label(name) for name in PENALTIES]
    each = select(rows.c.doctor_id, now, *sums).group_by(rows.c.doctor_id, now)
    struck = each.having(total(rows.c.penalties) > 0).subquery()
    statement = (
        select(Doctor.id, User.first_name, User.last_name, struck.c.now, *(struck.c[name] for name in PENALTIES))
        .join(Doctor, Doctor.id == struck.c.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .order_by(User.last_name, User.first_name, Doctor.id)
    )
    names: dict[UUID, tuple[str, str]] = {}
    found: dict[tuple[UUID, bool], Penalties] = {}
    for doctor_id, given, family, is_now, *numbers in session.execute(statement):
        names[doctor_id] = given, family
        found[doctor_id, bool(is_now)] = Penalties(*map(int, numbers))
    doctors = [
        DoctorPenalties(one, *name, found.get((one, True), NONE), found.get((one, False), NONE))
        for one, name in names.items()
    ]
    return PenaltiesByDoctor(wanted.first, wanted.last, sorted(doctors, key=lambda row: -row.numbers.penalties))


def by_patient(session: Session, actor: Actor, wanted: Wanted, limit: int) -> PenaltiesByPatient:
    """Count penalties by patient, the ``limit`` with most of them by name; two statements, of long periods eight."""
    allow(session, actor, wanted)
    of = coverage(session, actor.hospital_id, wanted)
    if not is_gathered(of):
        return _added_up(session, wanted, penalties_by_patient(of), limit)
    found = most(session, of, limit)
    named = _added_up(session, wanted, penalties_by_patient(of, found.ids), limit)
    return replace(named, patients=found.patients, numbers=Penalties(*found.numbers))


def _added_up(session: Session, wanted: Wanted, found_rows: Subquery, limit: int) -> PenaltiesByPatient:
    each = select(found_rows.c.patient_id, *(total(found_rows.c[name]).label(name) for name in PENALTIES)).group_by(
        found_rows.c.patient_id
    )
    each_one = each.cte("each_one")
    columns = [each_one.c[name] for name in PENALTIES]
    overall = (
        select(func.count().label("patients"), *(total(column).label(f"all_{column.name}") for column in columns))
        .select_from(each_one)
        .subquery()
    )
    ranked = (
        select(each_one)
        .order_by(each_one.c.penalties.desc(), each_one.c.penalties_counting.desc(), each_one.c.patient_id)
        .limit(limit)
        .subquery()
    )
    statement = (
        select(*overall.c, Patient.id, Patient.mrn, Patient.first_name, Patient.last_name, Patient.status)
        .add_columns(Patient.no_show_count, *(ranked.c[name] for name in PENALTIES))
        .select_from(overall)
        .outerjoin(ranked, ranked.c.penalties > 0)
        .outerjoin(Patient, Patient.id == ranked.c.patient_id)
        .order_by(ranked.c.penalties.desc(), ranked.c.penalties_counting.desc(), ranked.c.patient_id)
    )
    found = session.execute(statement).all()
    patients, *all_numbers = found[0][:6]
    return PenaltiesByPatient(
        wanted.first,
        wanted.last,
        patients,
        Penalties(*map(int, all_numbers)),
        [_patient(row) for row in found if row[6]],
    )


def _patient(row: Row[*tuple[Any, ...]]) -> PatientPenalties:
    patient_id, mrn, given, family, status, count, *numbers = row[6:]
    return PatientPenalties(patient_id, mrn, given, family, status, count, Penalties(*map(int, numbers)))
