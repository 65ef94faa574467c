"""Claim waiting messages for a while, and say what became of them.

A claim is a lease: whoever dies leaves its messages to be claimed again when the lease ends. Only the holder of the
lease may settle. What it is about to hand over it says so before (`begin`): should it die then, that message, and no
other, counts as one that may have arrived. All instants here are the machine clock's, except ``delivered_at``.
"""

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Update, bindparam, case, delete, select, text, update
from sqlalchemy.orm import Session

from hms.domain.messages import (
    MAX_RETRIES,
    MOST_UNCLEAR,
    PROBABLY_ARRIVED,
    RANK,
    Channel,
    MessageStatus,
    is_too_old,
    outage_delay,
    retry_delay,
)
from hms.models import Hospital, OutgoingMessage, new_id

LEASE = timedelta(minutes=5)
"""How long a claim holds. Longer than the slowest single sending; a batch that takes longer renews it."""

# In the index's own words: SQLite takes a partial index only for conditions that it finds in the statement's text.
IS_WAITING = text("outgoing_messages.status IN ('PENDING', 'SENDING')")
ERROR_LENGTH = 400
RANKS = sorted(RANK.values())
MOST_HOSPITALS = 25
"""Of how many hospitals one claim takes messages; of more than that, chance chooses whose turn it is."""
_MESSAGES = cast(Table, OutgoingMessage.__table__)
_FREE: dict[str, object] = {"lease": None, "lease_until": None, "in_hand": False}
# Built once: these run for every single message, and building one takes as long as running it.
_HELD = (
    update(_MESSAGES)
    .where(_MESSAGES.c.id.in_(bindparam("held_ids", expanding=True)), _MESSAGES.c.lease == bindparam("held"))
    .where(_MESSAGES.c.status == MessageStatus.SENDING)
    .returning(_MESSAGES.c.id)
)
_BEGIN = _HELD.values(in_hand=True)
_SETTLE = _HELD.values(
    status=MessageStatus.DELIVERED,
    attempts=_MESSAGES.c.attempts + 1,
    delivered_at=bindparam("at"),
    last_error=None,
    **_FREE,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message did not go. ``unclear``: it was handed over and nobody answered, so that it may have arrived."""

    reason: str
    permanent: bool = False
    unclear: bool = False


def claim(session: Session, machine_now: datetime, channel: Channel, limit: int) -> tuple[UUID, list[UUID]]:
    """Claim up to ``limit`` due messages of one channel: urgent ones of all hospitals first, then the others.

    Of the same urgency the hospitals take turns, so that nobody waits behind another's thousand reminders; of one
    hospital go first those that are due the longest. Return the lease and the messages' ids in the order to send them.
    Two claims at once never share a message.
    """
    waiting = _waiting(session, machine_now, channel)
    ids: list[UUID] = []
    for place, rank in enumerate(RANKS):
        hospitals = [row.id for row in waiting if row[place] is not None]
        if len(hospitals) > MOST_HOSPITALS:
            hospitals = random.sample(hospitals, MOST_HOSPITALS)
        ids += _in_turns(session, machine_now, channel, rank, hospitals, limit - len(ids))
    lease = new_id()
    if ids:
        _set(
            session,
            update(_MESSAGES).where(_MESSAGES.c.id.in_(ids)),
            status=MessageStatus.SENDING,
            lease=lease,
            # Whoever held it died with it in hand.
            unclear=_MESSAGES.c.unclear + case((_MESSAGES.c.in_hand, 1), else_=0),
            in_hand=False,
            **_until(machine_now),
        )
    return lease, ids


def _waiting(session: Session, machine_now: datetime, channel: Channel) -> Sequence[Any]:
    """Return each hospital with one due message per rank, None where there is none: one look into the index each."""
    m = OutgoingMessage
    due = [
        select(m.id)
        .where(IS_WAITING, m.channel == channel, m.rank == rank)
        .where(m.hospital_id == Hospital.id, m.next_attempt_at <= machine_now)
        .order_by(m.next_attempt_at)  # as the index has it, so that the planner sees which one is meant
        .limit(1)
        .scalar_subquery()
        for rank in RANKS
    ]
    return session.execute(select(*due, Hospital.id)).all()


def _in_turns(
    session: Session, machine_now: datetime, channel: Channel, rank: int, hospitals: list[UUID], limit: int
) -> list[UUID]:
    """Lock up to ``limit`` due messages of one rank, each hospital's share of them; return them hospital by turn."""
    m = OutgoingMessage
    taken: dict[UUID, list[UUID]] = {hospital_id: [] for hospital_id in hospitals}
    hungry, room = hospitals, limit
    while hungry and room > 0:
        full = []
        for place, hospital_id in enumerate(hungry):
            share = len(taken[hospital_id]) + math.ceil(room / (len(hungry) - place))
            due = (
                select(m.id)
                .where(IS_WAITING, m.channel == channel, m.rank == rank)
                .where(m.hospital_id == hospital_id, m.next_attempt_at <= machine_now)
                .order_by(m.next_attempt_at, m.id)
                .limit(share)
                .with_for_update(skip_locked=True)
            )
            found = list(session.scalars(due))
            room -= len(found) - len(taken[hospital_id])
            taken[hospital_id] = found
            if len(found) == share:
                full.append(hospital_id)
        hungry = full  # what the others left of their shares is for those who have more
    return [message_id for turn in zip_longest(*taken.values()) for message_id in turn if message_id is not None]


def renew(session: Session, machine_now: datetime, lease: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Hold ``ids`` for another whole lease; return those that are still held."""
    return _set(session, _held(lease, ids), **_until(machine_now))


def begin(session: Session, lease: UUID, message_id: UUID) -> bool:
    """Note that a message is about to be handed over, so that it may have arrived; tell whether it is still held."""
    return session.scalar(_BEGIN, {"held_ids": [message_id], "held": lease}) is not None


def settle_delivered(session: Session, lease: UUID, ids: Collection[UUID], delivered_at: datetime) -> set[UUID]:
    """Note that ``ids`` arrived at ``delivered_at`` (hospital clock); return those that were still held."""
    return set(session.scalars(_SETTLE, {"held_ids": list(ids), "held": lease, "at": delivered_at}))


def settle_refused(
    session: Session,
    machine_now: datetime,
    lease: UUID,
    message_id: UUID,
    refusal: Refusal,
    *,
    jitter: float,
) -> MessageStatus | None:
    """Note that a message was refused: try it later, or give it up: for good, after three retries, or twice unclear.

    Return its new status, or None when the lease was lost and nothing changed. ``jitter`` is in 0..1.
    """
    m = OutgoingMessage
    held = session.execute(select(m.attempts, m.unclear).where(_holds(lease, [message_id])).with_for_update())
    found = held.one_or_none()
    if found is None:
        return None
    attempts, times_unclear = found.attempts + 1, found.unclear + refusal.unclear
    if times_unclear >= MOST_UNCLEAR:
        refusal = Refusal(PROBABLY_ARRIVED, permanent=True)
    is_over = refusal.permanent or attempts > MAX_RETRIES
    status = MessageStatus.FAILED if is_over else MessageStatus.PENDING
    _set(
        session,
        _held(lease, [message_id]),
        status=status,
        attempts=attempts,
        unclear=times_unclear,
        next_attempt_at=machine_now + retry_delay(attempts, jitter),
        last_error=refusal.reason[:ERROR_LENGTH],
        **_FREE,
    )
    return status


def give_back(session: Session, machine_now: datetime, lease: UUID, ids: Sequence[UUID], reason: str) -> int:
    """Put messages back because the gateway cannot be used; none of their tries is used up.

    The pause grows with the time they have waited; after three days a message is FAILED. Return how many failed.
    """
    m = OutgoingMessage
    rows = session.execute(select(m.id, m.queued_at).where(_holds(lease, ids)).with_for_update())
    waited = {message_id: machine_now - queued_at for message_id, queued_at in rows}
    too_old = [message_id for message_id, age in waited.items() if is_too_old(age)]
    error = reason[:ERROR_LENGTH]
    if too_old:
        _set(session, _held(lease, too_old), status=MessageStatus.FAILED, last_error=error, **_FREE)
    if len(too_old) < len(waited):
        # The oldest one tells how long the gateway has been away at least.
        due = machine_now + outage_delay(max(age for age in waited.values() if not is_too_old(age)))
        again = set(waited).difference(too_old)
        _set(
            session,
            _held(lease, again),
            status=MessageStatus.PENDING,
            next_attempt_at=due,
            last_error=error,
            **_FREE,
        )
    return len(too_old)


def put_off(session: Session, lease: UUID, message_id: UUID, due: datetime) -> bool:
    """Let a message wait until ``due`` as if it were queued only then; tell whether it was still held."""
    values = {"status": MessageStatus.PENDING, "queued_at": due, "next_attempt_at": due}
    return bool(_set(session, _held(lease, [message_id]), **values, **_FREE))


def withdraw(session: Session, lease: UUID, message_id: UUID) -> bool:
    """Delete a message that its recipient does not want; tell whether it was still held.

    What it says stays in the application, and so does the word that its cause was told.
    """
    gone = delete(OutgoingMessage).where(_holds(lease, [message_id])).returning(OutgoingMessage.id)
    return session.scalar(gone.execution_options(synchronize_session=False)) is not None


def release(session: Session, machine_now: datetime, lease: UUID, ids: Collection[UUID]) -> None:
    """Put messages back untouched: nobody tried to send them."""
    _set(session, _held(lease, ids), status=MessageStatus.PENDING, next_attempt_at=machine_now, **_FREE)


def _until(machine_now: datetime) -> dict[str, object]:
    # The end of the lease is also when the message is due again, so that claiming needs one condition and one index.
    return {"lease_until": machine_now + LEASE, "next_attempt_at": machine_now + LEASE}


def _holds(lease: UUID, ids: Collection[UUID]) -> ColumnElement[bool]:
    m = OutgoingMessage
    return m.id.in_(ids) & (m.lease == lease) & (m.status == MessageStatus.SENDING)


def _held(lease: UUID, ids: Collection[UUID]) -> Update:
    c = _MESSAGES.c
    return update(_MESSAGES).where(c.id.in_(ids), c.lease == lease, c.status == MessageStatus.SENDING)


def _set(session: Session, statement: Update, **values: object) -> set[UUID]:
    # On the plain table: these run for every single message, and no loaded object needs to learn of them.
    return set(session.scalars(statement.values(**values).returning(_MESSAGES.c.id)))
