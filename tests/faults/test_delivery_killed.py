"""A relay that is killed loses nothing; only the mail in its hands may arrive twice, never three times."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hms.clock import FixedClock
from hms.domain.messages import PROBABLY_ARRIVED, Channel
from hms.domain.people import Role
from hms.gateways.null import NullSms
from hms.gateways.protocols import Gateways
from hms.models import Hospital
from hms.outbox import claims
from hms.processes.delivery import DeliveryReport, deliver_due
from hms.runtime import Runtime
from hms.services.messages import resend
from tests.support.factories import actor_of, make_hospital, make_patient, make_user
from tests.support.letters import messages, states, tell, through
from tests.support.smtp import SmtpPeer

ROOT = Path(__file__).parents[2]
MAIL = (Channel.EMAIL,)
Kill = Callable[[str, int], None]


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each killed delivery a database of its own."""
    return fresh_database


@pytest.fixture
def hospital(runtime: Runtime) -> Hospital:
    return make_hospital(runtime)


@pytest.fixture
def kill(runtime: Runtime, hospital: Hospital, database: str, smtp_peer: SmtpPeer, machine_clock: FixedClock) -> Kill:
    """Put five mails in line; return what lets a relay die over one of them, and its lease end."""
    tell(runtime, hospital, make_patient(runtime, hospital), 5)
    runtime.gateways = Gateways(mail=through(smtp_peer), sms=NullSms())

    def die(moment: str, place: int) -> None:
        call = [sys.executable, "-m", "tests.support.relay", database, str(smtp_peer.port), moment, str(place)]
        call.append(machine_clock.now().isoformat())
        killed = subprocess.run(call, cwd=ROOT, check=False, capture_output=True, text=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert deliver_due(runtime, MAIL) == DeliveryReport()
        machine_clock.advance(claims.LEASE)

    return die


def times(peer: SmtpPeer) -> list[int]:
    """Return how often each mail arrived."""
    return sorted(Counter(str(mail.message["Message-ID"]) for mail in peer.mails).values())


@pytest.mark.parametrize(("moment", "most"), [("before", 1), ("leaving", 1), ("after", 2)])
def test_killed_once(runtime: Runtime, smtp_peer: SmtpPeer, kill: Kill, moment: str, most: int) -> None:
    kill(moment, 1)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=5)
    assert times(smtp_peer) == [1, 1, 1, 1, most]
    assert set(states(runtime)) == {"DELIVERED"}


def test_killed_twice_over_the_same_mail(runtime: Runtime, hospital: Hospital, smtp_peer: SmtpPeer, kill: Kill) -> None:
    """It has arrived twice by then: a third time is for an admin to decide, and all others go out."""
    kill("after", 2)
    kill("after", 1)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=3, failed=1)
    assert times(smtp_peer) == [1, 1, 1, 1, 2]
    [failed] = [message for message in messages(runtime) if message.status == "FAILED"]
    assert failed.last_error == PROBABLY_ARRIVED
    runtime.transact(actor_of(make_user(runtime, hospital, Role.HOSPITAL_ADMIN)), resend, failed.id)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=1)
    assert times(smtp_peer) == [1, 1, 1, 1, 3]


def test_killed_over_and_over_before_a_mail_leaves(runtime: Runtime, smtp_peer: SmtpPeer, kill: Kill) -> None:
    kill("before", 2)
    for _ in range(2):
        kill("before", 1)
    assert deliver_due(runtime, MAIL) == DeliveryReport(delivered=4)
    assert times(smtp_peer) == [1] * 5
    assert set(states(runtime)) == {"DELIVERED"}
