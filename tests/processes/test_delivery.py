"""What a delivered message says, and that one bad message keeps nobody else's."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.events import AppointmentBooked, AppointmentCancelled, Visit
from hms.domain.messages import Channel, Priority
from hms.domain.people import Contact
from hms.domain.sms import sms_segments
from hms.gateways.null import NullMail, NullSms
from hms.gateways.protocols import Gateways, GatewayUnavailableError, HandingOver, Mail, unnoted
from hms.models import Appointment, Doctor, Hospital, Patient
from hms.outbox import claims
from hms.outbox.claims import Refusal
from hms.processes.delivery import BATCH, DeliveryReport, Relay, deliver_due
from hms.queries.deliveries import Backlog, backlog
from hms.runtime import Runtime
from tests.support.factories import make_doctor, make_hospital, make_patient
from tests.support.letters import messages, states, tell
from tests.support.visits import make_visit, reload

Clinic = tuple[Hospital, Patient]


@pytest.fixture
def mail(runtime: Runtime) -> NullMail:
    mail = NullMail()
    runtime.gateways = Gateways(mail=mail, sms=NullSms())
    return mail


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    hospital = make_hospital(runtime)
    return hospital, make_patient(runtime, hospital)


def visit_of(runtime: Runtime, hospital: Hospital, doctor: Doctor, patient: Patient) -> tuple[Appointment, Visit]:
    starts_at = runtime.clocks.hospital.now() + timedelta(days=1, minutes=5)
    row: Appointment = reload(runtime, Appointment, make_visit(runtime, hospital, doctor, patient, starts_at))
    contact = Contact(name="Anagha Vijay", user_id=doctor.user_id)
    of = Visit(row.id, patient.contact, contact, "Anagha Vijay", row.appointment_date, row.start_time, row.starts_at)
    return row, of


def emit(runtime: Runtime, hospital: Hospital, event: AppointmentBooked | AppointmentCancelled) -> None:
    runtime.transact(Actor.system(hospital.id), lambda work: work.emit(event))


def booked(of: Visit) -> AppointmentBooked:
    return AppointmentBooked(entity_id=of.appointment_id, visit=of, starts_at=of.starts_at)


def set_status(runtime: Runtime, row: Appointment, **values: object) -> None:
    with runtime.database.writing() as session:
        found = session.get_one(Appointment, row.id)
        for name, value in values.items():
            setattr(found, name, value)


def test_a_booking_is_told_by_mail_with_a_calendar_file_and_by_text(
    runtime: Runtime, clinic: Clinic, mail: NullMail
) -> None:
    hospital, patient = clinic
    row, of = visit_of(runtime, hospital, make_doctor(runtime, hospital), patient)
    emit(runtime, hospital, booked(of))
    assert deliver_due(runtime) == DeliveryReport(delivered=2)
    [sent] = mail.sent
    assert (sent.to, sent.subject, sent.sender_name) == (patient.email, "Appointment Booked", "HMS001 General")
    for text in (sent.text, sent.html):
        assert "Friday 23 January 2026" in text
        assert "09:00 – 09:30 (IST)" in text
        assert "+911234" in text
        assert f"Dear {patient.first_name} {patient.last_name}" in text
    [file] = sent.attachments
    assert file.content_type == "text/calendar; method=PUBLISH; charset=utf-8"
    for line in (f"UID:{row.id}@hms", "SEQUENCE:0", "DTSTART:20260123T033000Z", "STATUS:CONFIRMED"):
        assert line in file.content.decode().splitlines()
    sms = runtime.gateways.sms
    assert isinstance(sms, NullSms)
    assert sms.sent[0].to == patient.phone
    assert sms.sent[0].text.startswith("HMS001 General: Booked: Dr. Anagha Vijay, Fri 23 Jan 09:00. Confirm/cancel: ")
    assert sms_segments(sms.sent[0].text) == 1


def test_a_cancellation_takes_the_visit_out_of_calendars(runtime: Runtime, clinic: Clinic, mail: NullMail) -> None:
    hospital, patient = clinic
    row, of = visit_of(runtime, hospital, make_doctor(runtime, hospital), patient)
    set_status(runtime, row, status=Status.CANCELLED, holds_slot=False, calendar_sequence=1)
    event = AppointmentCancelled(
        entity_id=row.id, visit=of, before=Status.SCHEDULED, by_patient=False, is_last_minute=False
    )
    emit(runtime, hospital, event)
    deliver_due(runtime)
    lines = mail.sent[0].attachments[0].content.decode().splitlines()
    for line in (f"UID:{row.id}@hms", "SEQUENCE:1", "METHOD:CANCEL", "STATUS:CANCELLED"):
        assert line in lines


def test_a_late_mail_puts_no_cancelled_visit_back_into_a_calendar(
    runtime: Runtime, clinic: Clinic, mail: NullMail
) -> None:
    hospital, patient = clinic
    row, of = visit_of(runtime, hospital, make_doctor(runtime, hospital), patient)
    emit(runtime, hospital, booked(of))
    set_status(runtime, row, status=Status.CANCELLED, holds_slot=False)
    deliver_due(runtime)
    assert [sent.attachments for sent in mail.sent] == [()]


def test_what_people_write_stays_text(runtime: Runtime, clinic: Clinic, mail: NullMail) -> None:
    tell(runtime, *clinic, title="<b>News</b>\r\nBcc: everybody@example.org", message="<script>alert(1)</script>")
    assert deliver_due(runtime) == DeliveryReport(delivered=1)
    assert "<script>" not in mail.sent[0].html
    assert "&lt;script&gt;" in mail.sent[0].html
    assert "<script>" in mail.sent[0].text


def test_a_message_that_cannot_be_written_keeps_nobody_elses(runtime: Runtime, clinic: Clinic) -> None:
    tell(runtime, *clinic, metadata={"startsAt": "no instant", "appointmentId": str(_visit_id(runtime, clinic))})
    tell(runtime, *clinic)
    assert deliver_due(runtime) == DeliveryReport(delivered=1, retried=1)
    assert messages(runtime)[0].last_error == "This message cannot be written or sent (ValueError)."


def test_a_long_batch_renews_its_lease(runtime: Runtime, clinic: Clinic, machine_clock: FixedClock) -> None:
    slow = SlowMail(machine_clock, claims.LEASE / 3)
    runtime.gateways = Gateways(mail=slow, sms=NullSms())
    tell(runtime, *clinic, 10)
    assert deliver_due(runtime) == DeliveryReport(delivered=10)
    assert len(slow.sent) == 10


def test_a_relay_that_slept_over_its_lease_sends_what_is_still_its_own(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    rival = NullMail()

    class Sleeping(SlowMail):
        def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
            super().send(message, handing_over)
            if len(self.sent) == 1:
                runtime.gateways = Gateways(mail=rival, sms=NullSms())
                deliver_due(runtime)

    sleeping = Sleeping(machine_clock, claims.LEASE)
    runtime.gateways = Gateways(mail=sleeping, sms=NullSms())
    tell(runtime, *clinic, 3)
    assert deliver_due(runtime) == DeliveryReport(lost=3)
    assert (len(sleeping.sent), len(rival.sent)) == (1, 3)
    assert states(runtime) == ["DELIVERED"] * 3


def test_a_dead_mail_server_keeps_no_text_message(runtime: Runtime, clinic: Clinic) -> None:
    runtime.gateways = Gateways(mail=DeadMail(), sms=NullSms())
    tell(runtime, *clinic)
    tell(runtime, *clinic, channel=Channel.SMS)
    assert deliver_due(runtime) == DeliveryReport(delivered=1, postponed=1)


def test_a_thousand_reminders_of_one_hospital_keep_no_cancellation_of_another(runtime: Runtime, clinic: Clinic) -> None:
    """What comes while a batch is on its way goes with the next: the urgent first, the others in turns."""
    quiet = make_hospital(runtime, "HMS002")
    stranger = make_patient(runtime, quiet)
    told: dict[UUID, str] = {}

    class Watched(NullMail):
        def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
            super().send(message, handing_over)
            if len(self.sent) == 10:
                for name, priority in (("plain", Priority.NORMAL), ("urgent", Priority.HIGH)):
                    told[tell(runtime, quiet, stranger, priority=priority)[0].id] = name

    mail = Watched()
    runtime.gateways = Gateways(mail=mail, sms=NullSms())
    tell(runtime, *clinic, 1000, type="APPOINTMENT_REMINDER")
    deliver_due(runtime, stop=lambda: len(mail.sent) >= 2 * BATCH)
    places = {told[sent.message_id]: place for place, sent in enumerate(mail.sent) if sent.message_id in told}
    assert places == {"urgent": BATCH, "plain": pytest.approx(BATCH + 1.5, abs=0.5)}


def test_stopping_gives_back_what_is_not_sent(runtime: Runtime, clinic: Clinic, mail: NullMail) -> None:
    tell(runtime, *clinic, 5)
    assert deliver_due(runtime, stop=lambda: len(mail.sent) == 2) == DeliveryReport(delivered=2)
    assert deliver_due(runtime) == DeliveryReport(delivered=3)


def test_a_relay_works_alone_and_looks_once_more_when_it_was_called_meanwhile(runtime: Runtime, clinic: Clinic) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Waiting(NullMail):
        @contextmanager
        def connected(self) -> Iterator[NullMail]:
            entered.set()
            go_on.wait(10)
            yield self

    waiting = Waiting()
    runtime.gateways = Gateways(mail=waiting, sms=NullSms())
    relay = Relay(runtime, Channel.EMAIL, lambda: False)
    tell(runtime, *clinic)
    first = threading.Thread(target=relay.run)
    first.start()
    entered.wait(10)
    tell(runtime, *clinic)
    assert relay.run() is None
    go_on.set()
    first.join()
    assert states(runtime) == ["DELIVERED"] * 2


def test_the_backlog_tells_what_waits_and_what_failed(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    tell(runtime, *clinic, 2)
    tell(runtime, *clinic, channel=Channel.SMS, recipient=Contact("Roy", patient_id=clinic[1].id, phone="no number"))
    machine_clock.advance(timedelta(minutes=7))
    now = machine_clock.now()
    found = runtime.read(backlog, now)
    assert found[Channel.EMAIL] == Backlog(waiting=2, oldest=timedelta(minutes=7), failed=0)
    lease, ids = runtime.maintain(claims.claim, now, Channel.SMS, 5)
    runtime.maintain(claims.settle_refused, now, lease, ids[0], Refusal("no number", permanent=True), jitter=0)
    assert runtime.read(backlog, now)[Channel.SMS] == Backlog(waiting=0, oldest=timedelta(), failed=1)


class SlowMail(NullMail):
    """Each mail takes its time."""

    def __init__(self, clock: FixedClock, takes: timedelta) -> None:
        super().__init__()
        self._clock, self._takes = clock, takes

    def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
        super().send(message, handing_over)
        self._clock.advance(self._takes)


class DeadMail:
    """A mail server that is not there."""

    def connected(self) -> AbstractContextManager[NullMail]:
        raise GatewayUnavailableError("The mail server cannot be reached.")


def _visit_id(runtime: Runtime, clinic: Clinic) -> object:
    row, _ = visit_of(runtime, clinic[0], make_doctor(runtime, clinic[0]), clinic[1])
    return row.id
