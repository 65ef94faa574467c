"""Mails to a local server, one worker, beside plain smtplib; what a claim costs beside millions of delivered rows."""

from __future__ import annotations

import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import cast
from uuid import UUID

from sqlalchemy import Table, text

from benchmarks.figures import Figure
from benchmarks.ground import Ground, ground
from benchmarks.over_http import wishes
from hms.domain.messages import Channel, MessageStatus, Notice, Priority
from hms.domain.people import Contact
from hms.gateways.composing import Sender, compose
from hms.gateways.null import NullMail, NullSms, null_gateways
from hms.gateways.protocols import Gateways
from hms.gateways.smtp import SmtpMail
from hms.models import Notification, OutgoingMessage, new_ids
from hms.models.bulk import insert_rows, refresh_statistics
from hms.outbox import claims
from hms.outbox.record import record_notices
from hms.processes.delivery import deliver_due
from hms.services import bookings
from hms.transaction import Work
from tests.support.plans import sent
from tests.support.processes import answers, free_port

MAILS, DOCTORS = 1_000, 6
WANTED = 150
STORED = {"postgresql": 10_000_000, "sqlite": 2_000_000}
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
    stored = STORED[laid.runtime.database.dialect]
    few, alone = _claim_cost(laid, 0), _relay_cost(laid, "alone")
    yield Figure(f"{laid.engine}: a claim of 50 of {PENDING:,}", few, "ms", note="median")
    stored_in = _store(laid, stored)
    many, beside = _claim_cost(laid, PENDING), _relay_cost(laid, "beside")
    yield Figure(f"  the same beside {stored:,} delivered", many, "ms", note=f"stored in {stored_in:.0f} s")
    yield Figure("  ratio of the two", many / few, "times", RATIO_WANTED, at_most=True)
    yield Figure(f"  {PENDING:,} delivered, settled one by one", alone, "s", note="to nobody: what the database costs")
    yield Figure(f"  the same beside {stored:,} delivered", beside, "s")
    yield Figure("  ratio of the two", beside / alone, "times", RATIO_WANTED, at_most=True)
    if laid.runtime.database.dialect == "postgresql":
        yield Figure(
            "  blocks that a claim looks at", _blocks(laid), "blocks", note="the index of what waits, no other"
        )


def _claim_cost(laid: Ground, number: int) -> float:
    now = _told(laid, range(number, number + PENDING))
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


def _relay_cost(laid: Ground, name: str) -> float:
    """Deliver to nobody; return the seconds that takes."""
    _told(laid, [f"{name}{n}" for n in range(PENDING)])
    laid.runtime.gateways = null_gateways()
    began = time.perf_counter()
    report = deliver_due(laid.runtime, (Channel.EMAIL,))
    took = time.perf_counter() - began
    if report.delivered != PENDING:
        raise RuntimeError(f"not all mails left: {report}")
    return took


def _blocks(laid: Ground) -> float:
    """Return how many blocks a claim's looks touch; raise should one read more than the index of what waits."""
    now = _told(laid, ["seen"])
    with sent(laid.runtime, OutgoingMessage.__tablename__) as statements:
        lease, ids = laid.runtime.maintain(claims.claim, now, Channel.EMAIL, 50)
    laid.runtime.maintain(claims.release, now, lease, ids)
    looks = [look for look in statements if look[0].startswith("SELECT")]
    blocks = 0
    for statement, parameters in looks:
        with laid.runtime.database.writing() as session:
            explained = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
            plan = "\n".join(str(row[0]) for row in explained)
        read = set(re.findall(r"(?:using|on) (\w*outgoing_messages\w*)", plan))
        if read != {"ix_outgoing_messages_waiting", "outgoing_messages"} or "Seq Scan on outgoing" in plan:
            raise RuntimeError(f"a claim reads more than it must:\n{plan}")
        touched = re.search(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?", plan)
        blocks += sum(int(n) for n in touched.groups("0")) if touched else 0
    return blocks


def _told(laid: Ground, causes: Iterable[object]) -> datetime:
    """Put a message for each cause in line; return an instant at which they are due."""
    laid.runtime.transact(laid.actor, _tell, [_notice(laid.patients[0], cause) for cause in causes])
    return laid.runtime.clocks.machine.now() + timedelta(seconds=1)


def _store(laid: Ground, count: int) -> float:
    """Store messages that were delivered long ago; return how many seconds that took."""
    began = time.perf_counter()
    laid.runtime.transact(laid.actor, _delivered, laid, count)
    laid.runtime.transact(laid.actor, lambda work: refresh_statistics(work.session, OutgoingMessage, Notification))
    return time.perf_counter() - began


def _delivered(work: Work, laid: Ground, count: int) -> None:
    """Write one notification, a message that told it, and that message over and over: their number is what counts."""
    [notification, first] = new_ids(2)
    own = {"hospital_id": laid.hospital_id, "created_at": LONG_AGO}
    told = {"id": notification, "patient_id": laid.patients[0], "type": "TEST", "title": "News", "message": "Old."}
    insert_rows(work.session, Notification, [own | told | {"priority": Priority.NORMAL, "notification_metadata": {}}])
    message = {
        "id": first,
        "key": "old",
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
    insert_rows(work.session, OutgoingMessage, [own | message])
    same = ", ".join(column.name for column in OutgoingMessage.__table__.columns if column.name not in {"id", "key"})
    if laid.runtime.database.dialect == "postgresql":
        # Whether hospital and notification are there need not be asked ten million times, of a database so short-lived.
        for key in cast(Table, OutgoingMessage.__table__).foreign_key_constraints:
            work.session.execute(text(f"ALTER TABLE outgoing_messages DROP CONSTRAINT {key.name}"))
    numbered = "SELECT lpad(to_hex(n), 32, '0')::uuid, 'old' || n, {same} FROM generate_series(1, {count}) n"
    if laid.runtime.database.dialect == "sqlite":
        numbered = (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
            "SELECT printf('%032x', n), 'old' || n, {same} FROM numbers"
        )
    rows = numbered.format(same=same, count=count)
    work.session.execute(
        text(f"INSERT INTO outgoing_messages (id, key, {same}) {rows}, outgoing_messages WHERE key = 'old'")
    )


def _notice(patient_id: UUID, cause: object = -1) -> Notice:
    return Notice(
        cause=f"bench:{cause}",
        recipient=Contact("Somebody", patient_id=patient_id, email="somebody@bench.example"),
        type="TEST",
        title="Appointment Reminder",
        message="Your appointment with Dr. Nobody is tomorrow. " * 10,
        channels=frozenset({Channel.EMAIL}),
        is_new=True,
    )


def _tell(work: Work, notices: list[Notice]) -> None:
    record_notices(work.session, work.actor, work.now, work.machine_now, notices)
