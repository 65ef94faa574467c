"""The one way an appointment changes its state: event row, version and timestamps along with it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select, true, update
from sqlalchemy.orm import joinedload

from hms.access.actors import Actor
from hms.access.scope import not_found
from hms.domain.appointments import LIVE, OPEN, Status, require_transition
from hms.domain.errors import Code, DomainError
from hms.domain.events import AppointmentMoved, Visit
from hms.domain.people import Contact, Role
from hms.domain.policy import Policy
from hms.models import Appointment, AppointmentEvent, AppointmentReview, Doctor, Hospital, Patient
from hms.queries import appointments
from hms.queries.hospitals import HospitalRules
from hms.services import stage_alerts
from hms.services.calendars import once_read
from hms.transaction import Work, require_version

_STAMPS: dict[Status, str] = {
    Status.CHECKED_IN: "checked_in_at",
    Status.IN_PROGRESS: "started_at",
    Status.COMPLETED: "completed_at",
    Status.CANCELLED: "cancelled_at",
}


def locked(work: Work, appointment_id: UUID) -> Appointment:
    """Return the appointment with patient and doctor loaded, its row locked and read anew; NOT_FOUND otherwise.

    A patient sees only their own and their dependants', a doctor all of the hospital's: what they may change is the
    service's decision.
    """
    statement = (
        select(Appointment)
        .where(Appointment.id == appointment_id, Appointment.hospital_id == work.actor.hospital_id)
        .options(joinedload(Appointment.patient), joinedload(Appointment.doctor).joinedload(Doctor.user))
        .with_for_update(key_share=True, of=Appointment)
        .execution_options(populate_existing=True)
    )
    appointment = work.session.scalar(statement)
    if appointment is None or not _visible(work.actor, appointment):
        raise not_found("Appointment")
    return appointment


def locked_in_order(work: Work, appointment_id: UUID) -> tuple[Appointment, Patient]:
    """Return the appointment and its patient with doctor, patient and appointment locked, in the house's order.

    For changes that may touch the patient's count or the doctor's slots, as every change of a missed one does. Two
    statements; the first brings the hospital's rules along.
    """
    place = {"appointment_id": appointment_id, "hospital_id": work.actor.hospital_id}
    found = work.session.execute(_PEOPLE_LOCKED, place).one_or_none()
    if found is None:
        raise not_found("Appointment")
    *_, code, timezone, settings, locale = found
    policy = Policy.from_settings(settings)
    work.hospital = HospitalRules(work.actor.hospital_id, code, ZoneInfo(timezone), policy, locale)
    appointment = locked(work, appointment_id)
    return appointment, appointment.patient


def locked_ahead(work: Work, doctor_id: UUID, *conditions: ColumnElement[bool]) -> list[Appointment]:
    """Lock, in id order, a locked doctor's visits from now on that are open or checked in; return them by start.

    Patient and doctor are loaded. One statement, however many there are.
    """
    a = Appointment
    statement = (
        select(a)
        .where(
            a.hospital_id == work.actor.hospital_id,
            a.doctor_id == doctor_id,
            a.starts_at >= work.now,
            a.status.in_([*sorted(OPEN), Status.CHECKED_IN]),
            *conditions,
        )
        .order_by(a.id)
        .options(joinedload(a.patient), joinedload(a.doctor).joinedload(Doctor.user))
        .with_for_update(key_share=True, of=a)
        .execution_options(populate_existing=True)
    )
    return sorted(work.session.scalars(statement), key=lambda visit: (visit.starts_at, visit.id))


def require_seen(work: Work, appointment: Appointment, version: int | None) -> None:
    """Raise STALE_VERSION, with the present row, when the writer saw another version of the appointment."""
    if version is not None and version != appointment.version:
        require_version(appointment, version, appointments.one(work.session, work.actor, appointment.id))


def require_own(work: Work, appointment: Appointment) -> None:
    """Raise FORBIDDEN when a doctor would change another doctor's appointment."""
    if work.actor.role is Role.DOCTOR and appointment.doctor_id != work.actor.doctor_id:
        raise DomainError(Code.FORBIDDEN, "This is another doctor's appointment. You may change your own only.")


def move(work: Work, appointment: Appointment, to: Status, *, reason: str | None = None, release: bool = False) -> None:
    """Change the state of a locked appointment; raise INVALID_TRANSITION when the table forbids it.

    Cancelling always frees the slot; ``release`` frees it with a no-show. The stamps of the new state are set, a
    version is counted and the event row written; what follows for others (messages, penalties) is the caller's. A
    visit that is open no longer leaves the review list; one that is no longer checked in ends its alerts.
    """
    before = appointment.status
    require_transition(before, to)
    if to not in OPEN:
        end_review(work, appointment)
    if before is Status.CHECKED_IN:
        stage_alerts.wait_ends(work, [appointment.id])
        appointment.alert_due_at = None
    appointment.status = to
    if to is Status.CANCELLED or release:
        appointment.holds_slot = False
    elif to in LIVE:  # a late arrival takes its slot back; the schema refuses when somebody else holds it
        appointment.holds_slot = True
    if to is Status.SCHEDULED:
        appointment.checked_in_at = None
        appointment.vitals_recorded_at = None
    elif before is Status.IN_PROGRESS and to is Status.CHECKED_IN:
        appointment.started_at = None  # an abandoned consultation: the patient waits since the check-in, as before
    elif stamp := _STAMPS.get(to):
        setattr(appointment, stamp, work.now)
    if to is Status.CHECKED_IN:
        stage_alerts.wait_begins(work, appointment)
    appointment.version += 1
    appointment.updated_at = work.now
    work.session.add(
        AppointmentEvent(
            hospital_id=appointment.hospital_id,
            appointment_id=appointment.id,
            at=work.now,
            actor_id=work.actor.user_id,
            from_status=before,
            to_status=to,
            reason=reason,
            is_import=False,
        )
    )


def cancel_many(
    work: Work, appointments: Sequence[Appointment], reason: str, *, note: str | None = None
) -> list[AppointmentMoved]:
    """Cancel locked visits in sets: slots freed, stamps and event rows written, ``note`` added to their notes.

    Returns the events to emit; the statements don't grow with the rows, whose objects are stale afterwards. What
    follows for others is the caller's, as with ``move``.
    """
    if not appointments:
        return []
    for appointment in appointments:
        require_transition(appointment.status, Status.CANCELLED)
    if here := [appointment.id for appointment in appointments if appointment.status is Status.CHECKED_IN]:
        stage_alerts.wait_ends(work, here)
    values = {
        "status": Status.CANCELLED,
        "holds_slot": False,
        "cancelled_at": work.now,
        "alert_due_at": None,
        "calendar_sequence": Appointment.calendar_sequence + 1,
        "version": Appointment.version + 1,
        "updated_at": work.now,
    }
    if note is not None:
        values["notes"] = func.coalesce(Appointment.notes + "\n", "") + note
    work.session.execute(
        update(Appointment)
        .where(Appointment.id.in_([appointment.id for appointment in appointments]))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    events = [
        {
            "hospital_id": appointment.hospital_id,
            "appointment_id": appointment.id,
            "at": work.now,
            "actor_id": work.actor.user_id,
            "from_status": appointment.status,
            "to_status": Status.CANCELLED,
            "reason": reason,
            "is_import": False,
        }
        for appointment in appointments
    ]
    work.session.execute(insert(AppointmentEvent), events)
    return [
        AppointmentMoved(entity_id=visit.id, before=visit.status, after=Status.CANCELLED, reason=reason)
        for visit in appointments
    ]


def end_review(work: Work, appointment: Appointment) -> None:
    """Take a locked appointment off the review list, undecided unless somebody has just decided.

    For what happens to it otherwise: whoever comes, calls off or moves the visit leaves nothing to decide.
    """
    if not appointment.under_review:
        return
    appointment.under_review = False
    work.session.execute(
        update(AppointmentReview)
        .where(AppointmentReview.appointment_id == appointment.id, AppointmentReview.decided_at.is_(None))
        .values(decided_at=work.now, decided_by=work.actor.user_id)
        .execution_options(synchronize_session=False)
    )


def visit_of(appointment: Appointment) -> Visit:
    """Build what messages say of an appointment whose patient and doctor are loaded."""
    user = appointment.doctor.user
    name = f"{user.first_name} {user.last_name}"
    return Visit(
        appointment_id=appointment.id,
        patient=appointment.patient.contact,
        doctor=Contact(name=name, user_id=user.id, email=user.email, phone=user.phone, language=user.language),
        doctor_name=name,
        day=appointment.appointment_date,
        start=appointment.start_time,
        starts_at=appointment.starts_at,
    )


def _people_locked() -> Select[Any]:
    """Select an appointment's doctor, then its patient, each locked, and the hospital's rules."""
    a, doctor, patient, hospital = (m.__table__.c for m in (Appointment, Doctor, Patient, Hospital))
    chosen = (a.id == bindparam("appointment_id"), a.hospital_id == bindparam("hospital_id", type_=a.hospital_id.type))
    doctors = (
        select(doctor.id)
        .where(doctor.id.in_(select(a.doctor_id).where(*chosen)))
        .with_for_update(read=True, of=Doctor.__table__)
        .cte("d")
    )
    patients = (
        select(patient.id)
        .where(patient.id.in_(select(a.patient_id).where(*chosen)), once_read(doctors))
        .with_for_update(key_share=True, of=Patient.__table__)
        .cte("p")
    )
    rules = (hospital.code, hospital.timezone, hospital.settings, hospital.locale)
    own = hospital.id == bindparam("hospital_id")
    return select(doctors.c.id, patients.c.id, *rules).select_from(
        doctors.join(patients, true()).join(Hospital.__table__, own)
    )


# Built once: building takes longer than reading.
_PEOPLE_LOCKED = _people_locked()


def _visible(actor: Actor, appointment: Appointment) -> bool:
    return actor.is_system or actor.is_staff or actor.owns(appointment.patient_id)
