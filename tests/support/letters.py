"""Messages that wait for delivery, and what became of them."""

from __future__ import annotations

from itertools import count

from sqlalchemy import select

from hms.access.actors import Actor
from hms.domain.messages import Channel, Notice, Priority
from hms.gateways.composing import Sender
from hms.gateways.smtp import SmtpMail
from hms.models import Hospital, OutgoingMessage, Patient
from hms.outbox.record import record_notices
from hms.runtime import Runtime
from hms.transaction import Work
from tests.support.smtp import SmtpPeer

_number = count(1)


def tell(
    runtime: Runtime,
    hospital: Hospital,
    patient: Patient,
    count_: int = 1,
    *,
    channel: Channel = Channel.EMAIL,
    priority: Priority = Priority.NORMAL,
    **texts: object,
) -> list[OutgoingMessage]:
    """Put so many messages for a patient in line, as services do; return them as stored, oldest first."""
    numbers = [next(_number) for _ in range(count_)]
    notices = [
        Notice(
            **{  # type: ignore[arg-type]
                "cause": f"test:{number}",
                "recipient": patient.contact,
                "type": "TEST",
                "title": f"News {number}",
                "message": f"This is number {number}.",
                "channels": frozenset({channel}),
                "priority": priority,
            }
            | texts
        )
        for number in numbers
    ]
    runtime.transact(Actor.system(hospital.id), _record, notices)
    titles = {notice.cause: place for place, notice in enumerate(notices)}
    stored = [message for message in messages(runtime) if message.key.rsplit(":", 2)[0] in titles]
    return sorted(stored, key=lambda message: titles[message.key.rsplit(":", 2)[0]])


def messages(runtime: Runtime) -> list[OutgoingMessage]:
    """Return all outgoing messages as they are stored now."""
    with runtime.reading() as session:
        return list(session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)))


def states(runtime: Runtime) -> list[str]:
    """Return the messages' states, oldest first."""
    return [message.status.value for message in messages(runtime)]


def through(peer: SmtpPeer, **values: object) -> SmtpMail:
    """Build the mail gateway that leads to a test's mail server, impatient enough for a test."""
    given: dict[str, object] = {
        "host": peer.host,
        "port": peer.port,
        "sender": Sender("no-reply@hms001.example"),
        "username": peer.username,
        "password": peer.password,
        "timeout_seconds": 0.5,
    }
    return SmtpMail(**given | values)  # type: ignore[arg-type]


def _record(work: Work, notices: list[Notice]) -> None:
    work.pending_messages += record_notices(work.session, work.actor, work.now, work.machine_now, notices)
