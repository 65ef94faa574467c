"""Notices of marks and what follows them."""

from collections.abc import Callable

from hms.domain.events import MarkChanged, NoShowMarked, PatientBlocked, PatientUnblocked
from hms.domain.messages import Notice, Priority
from hms.domain.no_shows import Correction, MarkAction
from hms.outbox.notices.base import ALL, about, notices_of, when


@notices_of.register
def _(event: NoShowMarked) -> list[Notice]:
    visit = event.visit
    return [
        Notice(
            cause=f"no_show:{visit.appointment_id}",
            recipient=visit.patient,
            type="NO_SHOW",
            title="Missed Appointment",
            message=f"You missed your appointment with Dr. {visit.doctor_name} on {when(visit)}. "
            "If you think this is a mistake, or need another appointment, please contact the clinic.",
            channels=ALL,
            metadata=about(visit),
        )
    ]


@notices_of.register
def _(event: MarkChanged) -> list[Notice]:
    visit = event.visit
    title, said = _SAID[event.verb]
    appointment = f"appointment with Dr. {visit.doctor_name} on {when(visit)}"
    message = said(event).format(appointment=appointment)
    return [
        Notice(
            cause=f"mark_{event.verb.value}:{event.entity_id}:{event.version}",
            recipient=visit.patient,
            type=f"NO_SHOW_{event.verb.name}",
            title=title,
            message=f"{message} You can book appointments again." if event.unblocks else message,
            channels=ALL,
            metadata=about(visit),
        )
    ]


def _counts_again(event: MarkChanged) -> str:
    if event.counts:
        return "Your missed {appointment} counts again. If you think this is a mistake, please contact the clinic."
    return "The clinic has taken back that it had forgiven your missed {appointment}. It still does not count."


def _corrected(event: MarkChanged) -> str:
    if event.to is Correction.CLINIC_FAULT:
        return "Your {appointment} could not take place because of us, so it is not held against you. We apologise."
    return "Your {appointment} was noted as missed by mistake. This is corrected: you were there, and nothing counts."


_SAID: dict[MarkAction, tuple[str, Callable[[MarkChanged], str]]] = {
    MarkAction.WAIVED: (
        "Missed Appointment Forgiven",
        lambda _: "The clinic has forgiven your missed {appointment}. It does not count.",
    ),
    MarkAction.REINSTATED: ("Missed Appointment Counts Again", _counts_again),
    MarkAction.JUSTIFIED: (
        "Missed Appointment Excused",
        lambda _: "The clinic has excused your missed {appointment}. It does not count.",
    ),
    MarkAction.UNJUSTIFIED: ("Missed Appointment No Longer Excused", _counts_again),
    MarkAction.UNDONE: (
        "Appointment Stands",
        lambda _: "Your {appointment} was noted as missed by mistake. It stands, and nothing counts.",
    ),
    MarkAction.CORRECTED: ("Missed Appointment Corrected", _corrected),
}


@notices_of.register
def _(event: PatientBlocked) -> list[Notice]:
    why = "because several were missed" if event.by_count else "because the clinic has decided so"
    return [
        Notice(
            cause=f"blocked:{event.version}",
            recipient=event.patient,
            type="PATIENT_BLOCKED",
            title="Online Booking Paused",
            message=f"You can no longer book appointments yourself {why}. "
            "Appointments that you already have stay. Please contact the clinic to book again.",
            channels=ALL,
            priority=Priority.HIGH,
        )
    ]


@notices_of.register
def _(event: PatientUnblocked) -> list[Notice]:
    if not event.is_told:
        return []
    return [
        Notice(
            cause=f"unblocked:{event.version}",
            recipient=event.patient,
            type="PATIENT_UNBLOCKED",
            title="Online Booking Open Again",
            message="You can book appointments yourself again.",
            channels=ALL,
        )
    ]
