"""What an event writes: one audit row, one notification, one message per channel, once for ever."""

from collections import Counter
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from hms.domain.appointments import Status
from hms.domain.events import AppointmentCancelled, NoShowMarked, Visit
from hms.domain.messages import Channel, MessageStatus, Priority
from hms.domain.no_shows import NoShowReason
from hms.domain.people import Contact
from hms.models import AuditEntry, Hospital, Notification, OutgoingMessage, Patient, new_id
from hms.runtime import Runtime
from hms.transaction import Work
from tests.support.factories import admin_of, make_doctor, make_hospital, make_patient

START = datetime(2026, 1, 22, 3, 30, tzinfo=UTC)


def visit(patient: Patient, doctor_user: object) -> Visit:
    return Visit(
        appointment_id=new_id(),
        patient=patient.contact,
        doctor=Contact(name="Anagha Vijay", user_id=doctor_user),  # type: ignore[arg-type]
        doctor_name="Anagha Vijay",
        day=date(2026, 1, 22),
        start=time(9),
        starts_at=START,
    )


def emit(work: Work, *events: NoShowMarked | AppointmentCancelled) -> None:
    work.emit(*events)


def missed(of: Visit) -> NoShowMarked:
    return NoShowMarked(
        entity_id=of.appointment_id, visit=of, reason=NoShowReason.AUTO_TIMEOUT, slot_released=False, count=1
    )


@pytest.fixture
def clinic(runtime: Runtime) -> tuple[Hospital, Patient, Visit]:
    hospital = make_hospital(runtime)
    patient = make_patient(runtime, hospital)
    return hospital, patient, visit(patient, make_doctor(runtime, hospital).user_id)


def test_one_notification_and_one_message_per_channel(
    runtime: Runtime, clinic: tuple[Hospital, Patient, Visit]
) -> None:
    hospital, patient, of = clinic
    runtime.transact(admin_of(runtime, hospital), emit, missed(of))
    with runtime.reading() as session:
        notification = session.scalars(select(Notification)).one()
        messages = {m.channel: m for m in session.scalars(select(OutgoingMessage))}
        audit = session.scalars(select(AuditEntry)).one()
    assert (notification.patient_id, notification.type) == (patient.id, "NO_SHOW")
    assert set(messages) == set(Channel)
    assert messages[Channel.IN_APP].status is MessageStatus.DELIVERED
    assert messages[Channel.EMAIL].address == patient.email
    assert messages[Channel.SMS].address == patient.phone
    assert {messages[c].status for c in (Channel.EMAIL, Channel.SMS)} == {MessageStatus.PENDING}
    assert audit.details == {"reason": "AUTO_TIMEOUT", "slot_released": False, "count": 1}


def test_the_same_cause_is_told_once_for_ever(runtime: Runtime, clinic: tuple[Hospital, Patient, Visit]) -> None:
    hospital, _, of = clinic
    admin = admin_of(runtime, hospital)
    runtime.transact(admin, emit, missed(of), missed(of))
    runtime.transact(admin, emit, missed(of))
    with runtime.reading() as session:
        assert len(session.scalars(select(Notification)).all()) == 1
        assert len(session.scalars(select(OutgoingMessage)).all()) == 3
        assert len(session.scalars(select(AuditEntry)).all()) == 3


def test_who_has_no_mail_or_phone_is_told_in_the_app(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    patient = make_patient(runtime, hospital, email=None, phone=None)
    of = visit(patient, make_doctor(runtime, hospital).user_id)
    runtime.transact(admin_of(runtime, hospital), emit, missed(of))
    with runtime.reading() as session:
        assert Counter(session.scalars(select(OutgoingMessage.channel))) == {Channel.IN_APP: 1}


@pytest.mark.parametrize(
    ("last_minute", "title", "priority"),
    [(True, "Last-Minute Cancellation", Priority.HIGH), (False, "Appointment Cancelled", Priority.NORMAL)],
)
def test_the_doctor_hears_of_a_patients_cancellation(
    runtime: Runtime, clinic: tuple[Hospital, Patient, Visit], last_minute: bool, title: str, priority: Priority
) -> None:
    hospital, patient, of = clinic
    event = AppointmentCancelled(
        entity_id=of.appointment_id, visit=of, before=Status.SCHEDULED, by_patient=True, is_last_minute=last_minute
    )
    runtime.transact(admin_of(runtime, hospital), emit, event)
    with runtime.reading() as session:
        told = session.scalars(select(Notification).where(Notification.user_id == of.doctor.user_id)).one()
    assert (told.title, told.priority) == (title, priority)
    assert told.message == f"{patient.contact.name} cancelled their 09:00 appointment on Jan 22"
    assert told.notification_metadata["isLastMinute"] is last_minute


def test_audit_rows_carry_no_contact_and_no_name(runtime: Runtime, clinic: tuple[Hospital, Patient, Visit]) -> None:
    hospital, patient, of = clinic
    runtime.transact(admin_of(runtime, hospital), emit, missed(of))
    details = str(runtime.read(lambda session: session.scalars(select(AuditEntry)).one().details))
    assert all(private not in details for private in (patient.last_name, str(patient.email), str(patient.phone)))
