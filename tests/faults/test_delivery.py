"""Whatever the mail server does, bookings go on, all is delivered after, and nobody gets a mail over and over."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from hms.clock import FixedClock
from hms.domain.messages import PROBABLY_ARRIVED, Channel, Priority
from hms.gateways.null import NullMail, NullSms
from hms.gateways.protocols import Gateways, MailConnection
from hms.gateways.sms import AppriseSms
from hms.models import Hospital, Patient
from hms.processes.delivery import DeliveryReport, deliver_due
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_patient
from tests.support.http import HttpPeer
from tests.support.letters import messages, states, tell, through
from tests.support.processes import free_port
from tests.support.smtp import SmtpPeer

Clinic = tuple[Hospital, Patient]
MAIL = (Channel.EMAIL,)


@pytest.fixture
def clinic(runtime: Runtime, smtp_peer: SmtpPeer) -> Clinic:
    runtime.gateways = Gateways(mail=through(smtp_peer), sms=NullSms())
    hospital = make_hospital(runtime)
    return hospital, make_patient(runtime, hospital)


def message_ids(peer: SmtpPeer) -> list[str]:
    return [str(mail.message["Message-ID"]) for mail in peer.mails]


def test_all_is_delivered_after_an_hour_without_a_server(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer, machine_clock: FixedClock
) -> None:
    runtime.gateways = replace(runtime.gateways, mail=through(smtp_peer, port=free_port()))
    for _ in range(12):
        tell(runtime, *clinic)
        assert deliver_due(runtime, MAIL).delivered == 0
        machine_clock.advance(timedelta(minutes=5))
    assert states(runtime) == ["PENDING"] * 12
    assert {message.attempts for message in messages(runtime)} == {0}
    assert "cannot be reached" in (messages(runtime)[0].last_error or "")
    runtime.gateways = replace(runtime.gateways, mail=through(smtp_peer))
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=12)
    assert len(set(message_ids(smtp_peer))) == 12


def test_after_an_hour_without_a_broker_all_leave_in_order_of_priority(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    """Without a broker nobody is nudged and no relay is started: what was told lies in the outbox, and nowhere else."""
    mail = NullMail()
    runtime.gateways = Gateways(mail=mail, sms=NullSms())
    other = make_hospital(runtime, "HMS002")
    stranger = make_patient(runtime, other)
    order = [Priority.LOW, Priority.NORMAL, Priority.HIGH]
    told: dict[UUID, Priority] = {}
    for number in range(60):
        machine_clock.advance(timedelta(minutes=1))
        priority = order[number % 3]
        whose = (other, stranger) if number >= 54 else clinic
        told |= {message.id: priority for message in tell(runtime, *whose, priority=priority)}
    assert deliver_due(runtime, MAIL, batch=7) == DeliveryReport(delivered=60)
    left = [sent.message_id for sent in mail.sent]
    assert [told[message_id] for message_id in left] == [Priority.HIGH] * 20 + [Priority.NORMAL] * 20 + [
        Priority.LOW
    ] * 20
    # The other hospital told its last of each kind late, and waits behind nobody's backlog all the same.
    late = {message.id for message in messages(runtime) if message.hospital_id == other.id}
    for priority in order:
        places = [place for place, sent in enumerate(m for m in left if told[m] is priority) if sent in late]
        assert len(places) == 2
        assert max(places) <= 7


def test_a_wrong_password_fails_no_message(runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer) -> None:
    runtime.gateways = replace(runtime.gateways, mail=through(smtp_peer, password="wrong"))
    tell(runtime, *clinic)
    assert deliver_due(runtime, MAIL) == DeliveryReport(postponed=1)
    assert (states(runtime), smtp_peer.mails) == (["PENDING"], [])
    assert "password" in (messages(runtime)[0].last_error or "")


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_a_temporary_refusal_is_tried_again_and_keeps_nobody_else(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer, machine_clock: FixedClock, stage: str
) -> None:
    smtp_peer.refuse("451 Try again later", at=stage)  # type: ignore[arg-type]
    tell(runtime, *clinic, 2)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1, retried=1)
    machine_clock.advance(timedelta(minutes=3))
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1)
    assert len(set(message_ids(smtp_peer))) == len(smtp_peer.mails) == 2


def test_a_permanent_refusal_fails_that_message_alone(runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer) -> None:
    smtp_peer.refuse("550 No such user", at="RCPT")
    tell(runtime, *clinic, 2)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1, failed=1)
    assert sorted(states(runtime)) == ["DELIVERED", "FAILED"]
    assert messages(runtime)[0].last_error == "550 No such user"


@pytest.mark.parametrize("reply", ["421 Closing", "451 Not now", "550 Not from you"])
def test_a_server_that_refuses_the_sender_refuses_no_message(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer, machine_clock: FixedClock, reply: str
) -> None:
    smtp_peer.refuse(reply, at="MAIL")
    tell(runtime, *clinic, 3)
    assert deliver_due(runtime, MAIL) == DeliveryReport(postponed=1)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=2)
    machine_clock.advance(timedelta(minutes=3))
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "CONTENT"])
def test_a_connection_that_breaks_before_the_mail_is_opened_anew(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer, machine_clock: FixedClock, stage: str
) -> None:
    [first] = tell(runtime, *clinic)
    machine_clock.advance(timedelta(seconds=1))
    tell(runtime, *clinic, 2)
    smtp_peer.drop(at=stage)  # type: ignore[arg-type]
    assert deliver_due(runtime, MAIL) == DeliveryReport(postponed=1)
    assert {(message.attempts, message.unclear) for message in messages(runtime)} == {(0, 0)}
    assert [message.id for message in messages(runtime) if message.last_error] == [first.id]
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=2)
    machine_clock.advance(timedelta(minutes=3))
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1)
    assert len(smtp_peer.mails) == 3


def test_an_idle_connection_that_the_server_closed_costs_nothing(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer
) -> None:
    with runtime.gateways.mail.connected() as connection:
        runtime.gateways = replace(runtime.gateways, mail=_Held(connection))
        tell(runtime, *clinic)
        assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1)
        smtp_peer.drop(at="MAIL")
        tell(runtime, *clinic)
        assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1)


@pytest.mark.parametrize("fault", ["drop", "stall"])
def test_a_mail_that_may_have_arrived_is_repeated_once_with_one_message_id(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer, machine_clock: FixedClock, fault: str
) -> None:
    if fault == "drop":
        smtp_peer.drop(at="REPLY")
    else:
        smtp_peer.stall(2, at="REPLY")
    tell(runtime, *clinic, 2)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1, retried=1)
    machine_clock.advance(timedelta(minutes=3))
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1)
    assert (len(smtp_peer.mails), len(set(message_ids(smtp_peer)))) == (3, 2)


def test_a_server_that_never_says_yes_gets_a_mail_twice_at_most(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer, machine_clock: FixedClock
) -> None:
    smtp_peer.drop(at="REPLY", times=None)
    tell(runtime, *clinic)
    while states(runtime) != ["FAILED"]:
        deliver_due(runtime, MAIL)
        machine_clock.advance(timedelta(hours=1))
    assert (len(smtp_peer.mails), len(set(message_ids(smtp_peer)))) == (2, 1)
    assert messages(runtime)[0].last_error == PROBABLY_ARRIVED


def test_what_happens_in_between_makes_no_unclear_mail_clear(
    runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer, machine_clock: FixedClock
) -> None:
    tell(runtime, *clinic)
    for misbehave in (
        partial(smtp_peer.drop, at="REPLY"),
        partial(smtp_peer.refuse, "451 Later", at="DATA"),
        partial(smtp_peer.drop, at="RCPT"),
        partial(smtp_peer.drop, at="REPLY"),
    ):
        misbehave()
        deliver_due(runtime, MAIL)
        machine_clock.advance(timedelta(hours=1))
    assert (states(runtime), len(smtp_peer.mails)) == (["FAILED"], 2)
    assert messages(runtime)[0].last_error == PROBABLY_ARRIVED


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's mail plugin loads it
@pytest.mark.parametrize("fault", ["drop", "stall"])
def test_a_provider_of_text_messages_that_never_answers_is_asked_twice_at_most(
    runtime: Runtime, clinic: Clinic, http_peer: HttpPeer, machine_clock: FixedClock, fault: str
) -> None:
    sms = AppriseSms(f"json://{http_peer.netloc}/{{to}}?format=text&rto=0.3&cto=0.3")
    runtime.gateways = replace(runtime.gateways, sms=sms)
    if fault == "drop":
        http_peer.drop(times=None)
    else:
        http_peer.stall(0.6, times=None)
    tell(runtime, *clinic, channel=Channel.SMS)
    assert deliver_due(runtime, (Channel.SMS,)) == DeliveryReport(retried=1)
    while states(runtime) != ["FAILED"]:
        machine_clock.advance(timedelta(hours=1))
        deliver_due(runtime, (Channel.SMS,))
    assert (len(http_peer.requests), messages(runtime)[0].last_error) == (2, PROBABLY_ARRIVED)


def test_bookings_do_not_wait_for_a_stalling_server(runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer) -> None:
    runtime.gateways = replace(runtime.gateways, mail=through(smtp_peer, timeout_seconds=20))
    smtp_peer.stall(2, at="DATA")
    tell(runtime, *clinic)
    relay = threading.Thread(target=deliver_due, args=(runtime, MAIL))
    relay.start()
    for _ in range(10):
        tell(runtime, *clinic)
    assert (relay.is_alive(), smtp_peer.mails) == (True, [])
    relay.join()
    assert states(runtime) == ["DELIVERED"] * 11


def test_two_relays_at_once_send_nothing_twice(runtime: Runtime, clinic: Clinic, smtp_peer: SmtpPeer) -> None:
    tell(runtime, *clinic, 40)
    relays = [threading.Thread(target=deliver_due, args=(runtime, MAIL), kwargs={"batch": 5}) for _ in range(3)]
    for relay in relays:
        relay.start()
    for relay in relays:
        relay.join()
    assert len(message_ids(smtp_peer)) == len(set(message_ids(smtp_peer))) == 40
    assert set(states(runtime)) == {"DELIVERED"}


class _Held:
    """A gateway whose one connection stays open between rounds."""

    def __init__(self, connection: MailConnection) -> None:
        self._connection = connection

    @contextmanager
    def connected(self) -> Iterator[MailConnection]:
        yield self._connection
