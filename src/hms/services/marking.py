"""What a mark as missed entails: state, event, log, penalty, count, block, messages; and how it is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from hms.domain.appointments import LIVE, Status
from hms.domain.errors import Code, DomainError
from hms.domain.events import AppointmentMoved, NoShowMarked
from hms.domain.no_shows import NoShowReason
from hms.models import Appointment, AppointmentEvent, DoctorSlot, NoShowLog, Patient, new_ids
from hms.models.bulk import insert_rows
from hms.queries.visits import OpenVisit
from hms.services import lifecycle, penalties, slots
from hms.services.penalties import Held, Turn
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class Mark:
    """How appointments are marked. ``release``: their slots can be booked again."""

    reason: NoShowReason
    release: bool = False
    notes: str | None = None


def mark_one(work: Work, appointment: Appointment, patient: Patient, mark: Mark) -> UUID:
    """Mark one locked appointment of a locked patient with all that follows; return the log's id."""
    lifecycle.move(work, appointment, Status.NO_SHOW, reason=mark.notes or mark.reason.value, release=mark.release)
    work.session.flush()
    if mark.release:
        slots.freed(work, appointment)
    _follow(work, [plain(appointment)], {patient.id: patient}, mark)
    return work.session.scalars(select(NoShowLog.id).where(NoShowLog.appointment_id == appointment.id)).one()


def mark_many(work: Work, appointments: Sequence[OpenVisit], patients: Mapping[UUID, Held], mark: Mark) -> None:
    """Mark locked open appointments in sets, without releasing slots; the statements don't grow with the rows."""
    work.session.execute(
        update(Appointment)
        .where(Appointment.id.in_([appointment.id for appointment in appointments]))
        .values(status=Status.NO_SHOW, version=Appointment.version + 1, updated_at=work.now)
        .execution_options(synchronize_session=False)
    )
    insert_rows(
        work.session,
        AppointmentEvent,
        [{"appointment_id": appointment.id, "from_status": appointment.status} for appointment in appointments],
        {
            "hospital_id": work.actor.hospital_id,
            "at": work.now,
            "actor_id": work.actor.user_id,
            "to_status": Status.NO_SHOW,
            "reason": mark.notes or mark.reason.value,
        },
    )
    _follow(work, appointments, patients, mark)


def plain(appointment: Appointment) -> OpenVisit:
    """Return what marking needs of an appointment whose patient and doctor are loaded."""
    return OpenVisit(
        id=appointment.id,
        patient_id=appointment.patient_id,
        doctor_id=appointment.doctor_id,
        status=appointment.status,
        appointment_date=appointment.appointment_date,
        start_time=appointment.start_time,
        end_time=appointment.end_time,
        starts_at=appointment.starts_at,
        no_show_due_at=appointment.no_show_due_at,
        duration_minutes=appointment.duration_minutes,
        imported=appointment.imported,
        mrn=appointment.patient.mrn,
        told=lifecycle.visit_of(appointment),
    )


def take_back(work: Work, appointment: Appointment, patient: Patient, to: Status, notes: str | None) -> list[Turn]:
    """Void the mark of a locked appointment: log and penalty count no more, the count follows.

    Returns whose block was lifted, for the caller to emit. A live state takes the slot back; raise SLOT_TAKEN when
    somebody else holds that time, and SLOT_BLOCKED when a visit that lies ahead would come back to a time that was
    blocked meanwhile.
    """
    if to in LIVE and not appointment.holds_slot:
        _require_free(work, appointment)
        if appointment.starts_at >= work.now:
            _require_open(work, appointment)
    before = appointment.status
    lifecycle.move(work, appointment, to, reason=notes)
    work.session.flush()
    work.session.execute(
        update(NoShowLog)
        .where(NoShowLog.appointment_id == appointment.id)
        .values(voided_at=work.now, version=NoShowLog.version + 1)
        .execution_options(synchronize_session=False)
    )
    penalties.void(work, appointment.id)
    work.emit(AppointmentMoved(entity_id=appointment.id, before=before, after=to, reason=notes))
    return penalties.recount(work, {patient.id: patient})


def _follow(work: Work, appointments: Sequence[OpenVisit], patients: Mapping[UUID, Held], mark: Mark) -> None:
    _write_logs(work, appointments, mark)
    struck = penalties.strike(work, appointments)
    blocked = penalties.recount(work, patients, struck)
    seen: dict[UUID, int] = {}
    marked = []
    for appointment in appointments:
        patient_id = appointment.patient_id
        seen[patient_id] = seen.get(patient_id, 0) + 1
        marked.append(
            NoShowMarked(
                entity_id=appointment.id,
                visit=appointment.told,
                reason=mark.reason,
                slot_released=mark.release,
                count=patients[patient_id].no_show_count - max(0, len(struck.get(patient_id, ())) - seen[patient_id]),
            )
        )
    work.emit(*marked, *blocked)


def _write_logs(work: Work, appointments: Sequence[OpenVisit], mark: Mark) -> None:
    # The message is recorded in this same transaction, so it counts as sent (rules §5).
    fresh: dict[str, Any] = {
        "reason": mark.reason,
        "triggered_at": work.now,
        "slot_released": mark.release,
        "slot_released_at": work.now if mark.release else None,
        "notification_sent": True,
        "notes": mark.notes,
        "created_by": work.actor.user_id,
        "voided_at": None,
    }
    ids = [appointment.id for appointment in appointments]
    # A mark that was taken back has left its log: it is unique per appointment and stands again. An excuse stays with
    # it, as with its penalty: only the opposite of justifying ends that, not a check-in by mistake.
    again = set(work.session.scalars(select(NoShowLog.appointment_id).where(NoShowLog.appointment_id.in_(ids))))
    rows = [
        {
            "id": log_id,
            "appointment_id": appointment.id,
            "patient_id": appointment.patient_id,
            "doctor_id": appointment.doctor_id,
            "slot_time": appointment.start_time,
            "timeout_minutes": appointment.duration_minutes,
        }
        for log_id, appointment in zip(new_ids(len(appointments)), appointments, strict=True)
        if appointment.id not in again
    ]
    insert_rows(work.session, NoShowLog, rows, {"hospital_id": work.actor.hospital_id, **fresh})
    if again:
        work.session.execute(
            update(NoShowLog)
            .where(NoShowLog.appointment_id.in_(again))
            .values({**fresh, "version": NoShowLog.version + 1})
            .execution_options(synchronize_session=False)
        )


def _require_free(work: Work, appointment: Appointment) -> None:
    holder = work.session.scalar(
        select(Appointment.id)
        .where(
            Appointment.doctor_id == appointment.doctor_id,
            Appointment.id != appointment.id,
            Appointment.holds_slot,
            Appointment.starts_at < appointment.ends_at,
            Appointment.ends_at > appointment.starts_at,
        )
        .limit(1)
    )
    if holder is not None:
        raise DomainError(
            Code.SLOT_TAKEN,
            "This time has been given to somebody else meanwhile. Book another time for the patient.",
        )


def _require_open(work: Work, appointment: Appointment) -> None:
    # Marked in advance, the visit was not there when the doctor took leave: nobody has told its patient of that.
    slot = work.session.get(DoctorSlot, appointment.slot_id) if appointment.slot_id else None
    if (slot is not None and slot.is_blocked) or not appointment.doctor.is_available:
        raise DomainError(
            Code.SLOT_BLOCKED,
            "The doctor is not available at that time any more. Forgive the no-show instead, and book another time "
            "for the patient.",
        )
