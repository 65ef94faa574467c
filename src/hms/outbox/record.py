"""Write what an event implies: one audit row, the notifications, one outgoing message per channel."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.events import Event
from hms.domain.messages import RANK, Channel, MessageStatus, Notice
from hms.models import AuditEntry, Notification, OutgoingMessage, new_ids
from hms.models.bulk import Lot, insert_lots
from hms.outbox.notices import may_tell, notices_of


def record(
    session: Session,
    actor: Actor,
    now: datetime,
    machine_now: datetime,
    events: Iterable[Event],
    locale: Callable[[], str],
) -> int:
    """Write the rows of all events in sets; return how many messages now wait for delivery.

    ``locale`` is asked for the hospital's only if anybody is told.

    A message whose key was used before is left out: the same cause is told once for ever.
    """
    events = list(events)
    audited = _audit_lot(actor, now, events)
    telling = [event for event in events if may_tell(event)]
    notices = [notice for event in telling for notice in notices_of(event, locale())]
    notifications, messages = _lots(actor, now, machine_now, never_told(session, notices))
    insert_lots(session, audited, notifications, messages)
    return _waiting(messages)


def audit(session: Session, actor: Actor, now: datetime, events: Iterable[Event]) -> None:
    """Write the audit rows of all events and tell nobody."""
    insert_lots(session, _audit_lot(actor, now, events))


def record_notices(
    session: Session, actor: Actor, now: datetime, machine_now: datetime, notices: Iterable[Notice]
) -> int:
    """Write notifications and messages; return how many messages wait for delivery."""
    lots = _lots(actor, now, machine_now, never_told(session, list(notices)))
    insert_lots(session, *lots)
    return _waiting(lots[1])


def _lots(actor: Actor, now: datetime, machine_now: datetime, fresh: Sequence[Notice]) -> tuple[Lot, Lot]:
    ids = iter(new_ids(len(fresh) * (1 + len(Channel))))
    notifications: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for notice in fresh:
        notification_id = next(ids)
        notifications.append(_notification_row(notification_id, notice))
        messages += _message_rows(ids, notification_id, notice, now)
    same = {"hospital_id": actor.hospital_id, "created_at": now}
    queued = {"queued_at": machine_now, "next_attempt_at": machine_now}
    return Lot(Notification, notifications, same), Lot(OutgoingMessage, messages, same | queued)


def _waiting(messages: Lot) -> int:
    return sum(message["status"] is MessageStatus.PENDING for message in messages.rows)


def message_key(notice: Notice, channel: Channel) -> str:
    """Return the key that is unique for cause, recipient and channel."""
    return _key(_told(notice), channel)


def _told(notice: Notice) -> str:
    """Return what all keys of a notice begin with."""
    return f"{notice.cause}:{notice.recipient.patient_id or notice.recipient.user_id}"


def _key(told: str, channel: Channel) -> str:
    key = f"{told}:{channel.value}"
    return key if len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()


def never_told(session: Session, notices: list[Notice]) -> list[Notice]:
    """Leave out what was told before, and what is among the notices twice."""
    # The in-app message stands for all, since everybody has it, with or without a mail address; else the first channel.
    first = {message_key(notice, _surest(notice)): notice for notice in notices}
    asked = [key for key, notice in first.items() if not notice.is_new]
    told = set(session.scalars(select(OutgoingMessage.key).where(OutgoingMessage.key.in_(asked)))) if asked else set()
    return [notice for key, notice in first.items() if key not in told]


def _surest(notice: Notice) -> Channel:
    return Channel.IN_APP if Channel.IN_APP in notice.channels else min(notice.channels)


def _audit_lot(actor: Actor, now: datetime, events: Iterable[Event]) -> Lot:
    same = {
        "hospital_id": actor.hospital_id,
        "at": now,
        "actor_id": actor.user_id,
        "actor_role": actor.role_name,
    }
    return Lot(AuditEntry, [_audit_row(event) for event in events], same)


def _audit_row(event: Event) -> dict[str, Any]:
    return {
        "action": event.name,
        "entity": event.subject,
        "entity_id": event.entity_id,
        "details": event.details(),
    }


def _notification_row(notification_id: UUID, notice: Notice) -> dict[str, Any]:
    return {
        "id": notification_id,
        "user_id": notice.recipient.user_id,
        "patient_id": notice.recipient.patient_id,
        "type": notice.type,
        "title": notice.title,
        "message": notice.message,
        "priority": notice.priority,
        "notification_metadata": notice.kept,
    }


def _message_rows(
    ids: Iterator[UUID], notification_id: UUID, notice: Notice, now: datetime
) -> Iterator[dict[str, Any]]:
    told = _told(notice)
    addresses = {Channel.EMAIL: notice.recipient.email, Channel.SMS: notice.recipient.phone}
    for channel in sorted(notice.channels):
        in_app = channel is Channel.IN_APP
        if not in_app and not addresses[channel]:
            continue
        yield {
            "id": next(ids),
            "notification_id": notification_id,
            "key": _key(told, channel),
            "channel": channel,
            "address": addresses.get(channel),
            # The notification row itself is the in-app delivery.
            "status": MessageStatus.DELIVERED if in_app else MessageStatus.PENDING,
            "rank": RANK[notice.priority],
            "delivered_at": now if in_app else None,
        }
