"""Mails to a local server, one worker, beside plain smtplib; what a claim costs beside millions of delivered rows."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID

from benchmarks.figures import Figure
from benchmarks.ground import Ground, ground
from benchmarks.over_http import wishes
from hms.domain.messages import Channel, MessageStatus, Notice, Priority
from hms.domain.people import Contact
from hms.gateways.composing import Sender, compose
from hms.gateways.null import NullMail, NullSms
from hms.gateways.protocols import Gateways
from hms.gateways.smtp import SmtpMail
from hms.models import Notification, OutgoingMessage, new_ids
from hms.models.bulk import insert_rows, refresh_statistics
from hms.outbox import claims
from hms.outbox.record import record_notices
from hms.processes.delivery import deliver_due
from hms.services import bookings
from hms.transaction import Work
from tests.support.processes import answers, free_port

MAILS, DOCTORS = 1_000, 6
WANTED = 150
STORED = 2_000_000
AT_ONCE = 50_000
CLAIMS = 21
PENDING = 1_000
RATIO_WANTED = 2.0
SENDER = Sender("no-reply@bench.example")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def measure_mail(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure mails of bookings, with calendar file and links, over one connection; then the same bytes by smtplib."""
    with ground(engine, doctors=DOCTORS, patients=DOCTORS * 7 * 28, days=8) as laid, peer() as port:
        asked = wishes(laid, 7)
        for _, wish in zip(range(MAILS), asked, strict=False):
            laid.runtime.transact(laid.actor, bookings.book, wish)
        yield _delivery(laid, port)
        yield _plain(laid, port)
        yield from _claims(laid)


@contextmanager
def peer() -> Iterator[int]:
    """Run a mail server for the block."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.mail_peer", str(port)])
    try:
        while not answers(port):
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


def _delivery(laid: Ground, port: int) -> Figure:
    laid.runtime.gateways = Gateways(mail=SmtpMail("127.0.0.1", port, SENDER), sms=NullSms())
    began = time.perf_counter()
    report = deliver_due(laid.runtime, (Channel.EMAIL,))
    took = time.perf_counter() - began
    if report.delivered != MAILS:
        raise RuntimeError(f"not all mails left: {report}")
    return Figure(f"{laid.engine}: mails by one worker", MAILS / took, "mails/s", WANTED, note=f"{MAILS:,} bookings")


def _plain(laid: Ground, port: int) -> Figure:
    """Send as many mails of the same make, composed beforehand, as fast as smtplib does."""
    kept = NullMail()
    laid.runtime.gateways = Gateways(mail=kept, sms=NullSms())
    first = laid.patients[0]
    laid.runtime.transact(laid.actor, _tell, [_notice(first)])
    deliver_due(laid.runtime, (Channel.EMAIL,))
    content = compose(kept.sent[-1], SENDER)
    with smtplib.SMTP("127.0.0.1", port) as server:
        began = time.perf_counter()
        for _ in range(MAILS):
            server.sendmail(SENDER.address, ["somebody@bench.example"], content)
        took = time.perf_counter() - began
    return Figure("  plain smtplib, one connection, one text", MAILS / took, "mails/s", note="the reference")


def _claims(laid: Ground) -> Iterator[Figure]:
    few = _claim_cost(laid, 0)
    yield Figure(f"{laid.engine}: a claim of 50 of {PENDING:,}", few, "ms", note="median")
    stored_in = _store(laid)
    many = _claim_cost(laid, PENDING)
    note = f"stored in {stored_in:.0f} s"
    yield Figure(f"  the same beside {STORED:,} delivered", many, "ms", note=note)
    yield Figure("  ratio of the two", many / few, "times", RATIO_WANTED, at_most=True)


def _claim_cost(laid: Ground, number: int) -> float:
    laid.runtime.transact(laid.actor, _tell, [_notice(laid.patients[0], number + n) for n in range(PENDING)])
    now = laid.runtime.clocks.machine.now() + timedelta(seconds=1)
    costs = []
    for _ in range(CLAIMS):
        began = time.perf_counter()
        lease, ids = laid.runtime.maintain(claims.claim, now, Channel.EMAIL, 50)
        costs.append((time.perf_counter() - began) * 1000)
        if len(ids) != 50:
            raise RuntimeError(f"only {len(ids)} claimed")
        laid.runtime.maintain(claims.release, now, lease, ids)
    lease, ids = laid.runtime.maintain(claims.claim, now, Channel.EMAIL, PENDING)
    laid.runtime.maintain(claims.settle_delivered, lease, ids, now)
    return median(costs)


def _store(laid: Ground) -> float:
    """Store messages that were delivered long ago; return how many seconds that took."""
    began = time.perf_counter()
    for first in range(0, STORED, AT_ONCE):
        laid.runtime.transact(laid.actor, _delivered, laid, first)
    laid.runtime.transact(laid.actor, lambda work: refresh_statistics(work.session, OutgoingMessage, Notification))
    return time.perf_counter() - began


def _delivered(work: Work, laid: Ground, first: int) -> None:
    """Write one notification, and messages that told it: their number is what counts here."""
    [notification, *ids] = new_ids(AT_ONCE + 1)
    own = {"hospital_id": laid.hospital_id, "created_at": LONG_AGO}
    told = {"id": notification, "patient_id": laid.patients[0], "type": "TEST", "title": "News", "message": "Old."}
    insert_rows(work.session, Notification, [own | told | {"priority": Priority.NORMAL, "notification_metadata": {}}])
    message = own | {
        "notification_id": notification,
        "channel": Channel.EMAIL,
        "address": "somebody@bench.example",
        "status": MessageStatus.DELIVERED,
        "rank": 1,
        "attempts": 1,
        "queued_at": LONG_AGO,
        "next_attempt_at": LONG_AGO,
        "delivered_at": LONG_AGO,
    }
    rows = [message | {"id": row_id, "key": f"old:{first + place}"} for place, row_id in enumerate(ids)]
    insert_rows(work.session, OutgoingMessage, rows)


def _notice(patient_id: UUID, number: int = -1) -> Notice:
    return Notice(
        cause=f"bench:{number}",
        recipient=Contact("Somebody", patient_id=patient_id, email="somebody@bench.example"),
        type="TEST",
        title="Appointment Reminder",
        message="Your appointment with Dr. Nobody is tomorrow. " * 10,
        channels=frozenset({Channel.EMAIL}),
        is_new=True,
    )


def _tell(work: Work, notices: list[Notice]) -> None:
    record_notices(work.session, work.actor, work.now, work.machine_now, notices)
