"""A relay that is killed loses nothing; only the mail in its hands may arrive twice, under one Message-ID."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hms.clock import FixedClock
from hms.domain.messages import Channel
from hms.gateways.null import NullSms
from hms.gateways.protocols import Gateways
from hms.outbox import claims
from hms.processes.delivery import DeliveryReport, deliver_due
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_patient
from tests.support.letters import states, tell, through
from tests.support.smtp import SmtpPeer

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each killed delivery a database of its own."""
    return fresh_database


@pytest.mark.parametrize(("moment", "most"), [("before", 1), ("after", 2)])
def test_killed_between_sending_and_noting(
    runtime: Runtime, database: str, smtp_peer: SmtpPeer, machine_clock: FixedClock, moment: str, most: int
) -> None:
    hospital = make_hospital(runtime)
    tell(runtime, hospital, make_patient(runtime, hospital), 5)
    relay = [sys.executable, "-m", "tests.support.relay", database, str(smtp_peer.port), moment]
    killed = subprocess.run(relay, cwd=ROOT, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    runtime.gateways = Gateways(mail=through(smtp_peer), sms=NullSms())
    assert deliver_due(runtime, (Channel.EMAIL,)) == DeliveryReport()
    machine_clock.advance(claims.LEASE)
    assert deliver_due(runtime, (Channel.EMAIL,)) == DeliveryReport(delivered=5)
    seen = Counter(str(mail.message["Message-ID"]) for mail in smtp_peer.mails)
    assert sorted(seen.values()) == [1, 1, 1, 1, most]
    assert set(states(runtime)) == {"DELIVERED"}
