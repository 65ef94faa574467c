"""What people do not want is not sent, what would wake them waits, and where they cannot be reached is noted."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from hms.clock import Clocks, FixedClock, ScaledClock
from hms.domain.messages import Channel
from hms.domain.people import Role
from hms.gateways.null import NullMail, NullSms
from hms.gateways.protocols import DeliveryRefusedError, Gateways, HandingOver, Mail, ShortMessage, unnoted
from hms.models import Hospital, OptOut, Patient, WrongAddress
from hms.processes.delivery import DeliveryReport, deliver_due
from hms.queries.deliveries import backlog
from hms.runtime import Runtime
from hms.services.messages import TrySample, try_sample
from tests.support.factories import actor_of, add, make_hospital, make_patient, make_user
from tests.support.letters import messages, states, tell

Clinic = tuple[Hospital, Patient]
LATE = datetime(2026, 1, 22, 16, 30, tzinfo=UTC)  # 22:00 in Kolkata
MORNING = datetime(2026, 1, 23, 2, 30, tzinfo=UTC)  # 08:00


class Picky(NullMail):
    """Refuse whom it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.refusing: DeliveryRefusedError | None = None

    def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
        if self.refusing is not None:
            raise self.refusing
        super().send(message, handing_over)


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    hospital = make_hospital(runtime)
    return hospital, make_patient(runtime, hospital)


@pytest.fixture(autouse=True)
def mail(runtime: Runtime) -> Picky:
    mail = Picky()
    runtime.gateways = Gateways(mail=mail, sms=NullSms())
    return mail


@pytest.fixture
def sms(runtime: Runtime, mail: Picky) -> list[ShortMessage]:
    texts = NullSms()
    runtime.gateways = Gateways(mail=mail, sms=texts)
    return texts.sent


def decline(runtime: Runtime, clinic: Clinic, channel: Channel) -> None:
    hospital, patient = clinic
    now = runtime.clocks.hospital.now()
    add(runtime, OptOut(hospital_id=hospital.id, patient_id=patient.id, channel=channel, created_at=now))


def listed(runtime: Runtime) -> list[tuple[str, str, datetime]]:
    with runtime.reading() as session:
        rows = session.scalars(select(WrongAddress).order_by(WrongAddress.since))
        return [(row.address, row.reason, row.since) for row in rows]


def test_who_declines_a_channel_gets_nothing_there_but_cancellations(
    runtime: Runtime, clinic: Clinic, mail: Picky, sms: list[ShortMessage]
) -> None:
    decline(runtime, clinic, Channel.EMAIL)
    tell(runtime, *clinic, type="APPOINTMENT_REMINDER")
    [cancelled] = tell(runtime, *clinic, type="APPOINTMENT_CANCELLED")
    tell(runtime, *clinic, channel=Channel.SMS, type="APPOINTMENT_REMINDER")
    assert deliver_due(runtime) == DeliveryReport(delivered=2, declined=1)
    assert [sent.message_id for sent in mail.sent] == [cancelled.id]
    assert len(sms) == 1
    assert states(runtime) == ["DELIVERED"] * 2


def test_a_test_that_an_admin_asks_for_comes_whatever_they_declined(
    runtime: Runtime, clinic: Clinic, mail: Picky, clock: FixedClock
) -> None:
    admin = make_user(runtime, clinic[0], Role.HOSPITAL_ADMIN)
    add(
        runtime,
        OptOut(hospital_id=clinic[0].id, user_id=admin.id, channel=Channel.EMAIL, created_at=clock.now()),
    )
    runtime.transact(actor_of(admin), try_sample, TrySample("reminder", "en"))
    assert deliver_due(runtime) == DeliveryReport(delivered=1)
    assert [sent.to for sent in mail.sent] == [admin.email]


def test_another_patient_of_the_same_address_still_gets_theirs(runtime: Runtime, clinic: Clinic) -> None:
    decline(runtime, clinic, Channel.EMAIL)
    other = make_patient(runtime, clinic[0], email=clinic[1].email)
    tell(runtime, clinic[0], other)
    assert deliver_due(runtime) == DeliveryReport(delivered=1)


def test_texts_wait_for_the_morning_and_mails_do_not(
    runtime: Runtime, clinic: Clinic, sms: list[ShortMessage], clock: FixedClock, machine_clock: FixedClock
) -> None:
    for one in (clock, machine_clock):
        one.move_to(LATE)
    tell(runtime, *clinic)
    tell(runtime, *clinic, channel=Channel.SMS)
    assert deliver_due(runtime) == DeliveryReport(delivered=1, held=1)
    assert runtime.read(backlog, LATE)[Channel.SMS].waiting == 0
    for one in (clock, machine_clock):
        one.move_to(MORNING - timedelta(seconds=1))
    assert deliver_due(runtime) == DeliveryReport()
    for one in (clock, machine_clock):
        one.move_to(MORNING)
    assert runtime.read(backlog, MORNING)[Channel.SMS].oldest == timedelta()
    assert deliver_due(runtime) == DeliveryReport(delivered=1)
    assert len(sms) == 1


def test_a_cancellation_of_the_same_day_wakes_people(runtime: Runtime, clinic: Clinic, clock: FixedClock) -> None:
    clock.move_to(LATE)
    for hours in (1, 10, 20):
        starts_at = (LATE + timedelta(hours=hours)).isoformat()
        tell(runtime, *clinic, channel=Channel.SMS, type="APPOINTMENT_CANCELLED", metadata={"startsAt": starts_at})
    assert deliver_due(runtime) == DeliveryReport(delivered=2, held=1)


def test_hospitals_choose_their_quiet_hours(runtime: Runtime, clock: FixedClock) -> None:
    clock.move_to(LATE)
    loud = make_hospital(runtime, "HMS009", sms_quiet_from="00:00", sms_quiet_until="00:00")
    tell(runtime, loud, make_patient(runtime, loud), channel=Channel.SMS)
    assert deliver_due(runtime) == DeliveryReport(delivered=1)


def test_in_a_demo_the_night_is_as_short_as_its_clock_makes_it(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    begun = machine_clock.now()
    before = runtime.clocks
    runtime.clocks = Clocks(ScaledClock(LATE, begun, 60, machine_clock), machine_clock)
    try:
        tell(runtime, *clinic, channel=Channel.SMS)
        assert deliver_due(runtime) == DeliveryReport(held=1)
        assert messages(runtime)[0].next_attempt_at == begun + timedelta(minutes=10)
        machine_clock.advance(timedelta(minutes=10))
        assert deliver_due(runtime) == DeliveryReport(delivered=1)
    finally:
        runtime.clocks = before


def test_an_address_that_is_refused_for_good_is_listed_until_a_message_arrives(
    runtime: Runtime, clinic: Clinic, mail: Picky, clock: FixedClock
) -> None:
    address, since = str(clinic[1].email), clock.now()
    mail.refusing = DeliveryRefusedError("550 No such user", permanent=True, wrong_address=True)
    tell(runtime, *clinic)
    assert deliver_due(runtime) == DeliveryReport(failed=1)
    clock.advance(timedelta(days=1))
    mail.refusing = DeliveryRefusedError("551 Gone", permanent=True, wrong_address=True)
    tell(runtime, *clinic)
    deliver_due(runtime)
    assert listed(runtime) == [(address, "550 No such user", since)]
    mail.refusing = None
    tell(runtime, *clinic)
    assert deliver_due(runtime) == DeliveryReport(delivered=1)
    assert listed(runtime) == []


def test_another_address_takes_the_former_ones_place(
    runtime: Runtime, clinic: Clinic, mail: Picky, clock: FixedClock
) -> None:
    mail.refusing = DeliveryRefusedError("550 No such user", permanent=True, wrong_address=True)
    tell(runtime, *clinic)
    deliver_due(runtime)
    clock.advance(timedelta(days=1))
    with runtime.database.writing() as session:
        session.get_one(Patient, clinic[1].id).email = "typo@home.example"
    with runtime.reading() as session:
        moved = session.get_one(Patient, clinic[1].id)
    tell(runtime, clinic[0], moved)
    deliver_due(runtime)
    assert listed(runtime) == [("typo@home.example", "550 No such user", clock.now())]


def test_a_refused_text_is_no_address_for_the_list(runtime: Runtime, clinic: Clinic, mail: Picky) -> None:
    mail.refusing = DeliveryRefusedError("554 This is spam", permanent=True)
    tell(runtime, *clinic)
    assert deliver_due(runtime) == DeliveryReport(failed=1)
    assert listed(runtime) == []


def test_only_what_can_be_declined_says_how(
    runtime: Runtime, clinic: Clinic, mail: Picky, sms: list[ShortMessage]
) -> None:
    for channel in (Channel.EMAIL, Channel.SMS):
        tell(runtime, *clinic, channel=channel, type="NO_SHOW")
        tell(runtime, *clinic, channel=channel, type="APPOINTMENT_CANCELLED")
    deliver_due(runtime)
    news, cancelled = mail.sent
    assert news.stop.startswith("http://127.0.0.1:8000/o/")
    for text in (news.text, news.html, sms[0].text):
        assert "http://127.0.0.1:8000/o/" in text
    assert (cancelled.stop, "/o/" in cancelled.html + cancelled.text + sms[1].text) == ("", False)
