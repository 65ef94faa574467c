"""Deliver what waits: claim a batch, send each message outside any transaction, note at once what became of it.

One relay works per channel and process; any number of processes may work at once. Whoever dies between sending and
noting leaves one message that is sent again under the same Message-ID, and a lease that ends by itself.

No message goes out a third time: that it leaves is noted before it does. The first time this is done along with the
message before it, which costs next to nothing and is a little early; should the message have to go again, just then.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from hms.domain.messages import MOST_UNCLEAR, PROBABLY_ARRIVED, Channel, MessageStatus
from hms.domain.preferences import may_decline
from hms.gateways.protocols import (
    DeliveryRefusedError,
    DeliveryUnclearError,
    GatewayUnavailableError,
    HandingOver,
)
from hms.outbox import claims, wrong_addresses
from hms.outbox.claims import Refusal
from hms.outbox.wrong_addresses import Reached
from hms.processes.letter_samples import is_sample
from hms.processes.letters import WritingDesk
from hms.queries import deliveries
from hms.queries.deliveries import Delivery
from hms.runtime import Runtime

BATCH = 50
CHANNELS = (Channel.EMAIL, Channel.SMS)
Send = Callable[[Delivery, HandingOver], None]
log = structlog.get_logger(__name__)


class _LeaseLostError(Exception):
    """Somebody else has the message by now."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one round did. ``postponed``: put back because a gateway cannot be used; ``lost``: leases that ran out.

    ``declined``: not wanted; ``held``: put off until the quiet hours end.
    """

    delivered: int = 0
    retried: int = 0
    failed: int = 0
    postponed: int = 0
    lost: int = 0
    declined: int = 0
    held: int = 0


def deliver_due(
    runtime: Runtime,
    channels: Sequence[Channel] = CHANNELS,
    *,
    batch: int = BATCH,
    stop: Callable[[], bool] = lambda: False,
) -> DeliveryReport:
    """Deliver until nothing is due, or a channel's gateway cannot be used, or ``stop`` says so.

    Raise only what the database raises; a message that cannot be sent or even written is put off or given up.
    """
    counts: Counter[str] = Counter()
    for channel in channels:
        own: Counter[str] = Counter()
        try:
            _deliver_channel(runtime, channel, batch, stop, own)
        finally:
            runtime.metrics.delivered(channel.value, own)
        counts.update(own)
    return DeliveryReport(**counts)


def _deliver_channel(
    runtime: Runtime, channel: Channel, batch: int, stop: Callable[[], bool], counts: Counter[str]
) -> None:
    # One connection for all that waits, opened when there is something.
    with _WayOut(runtime, channel) as way:
        while not stop():
            lease, ids = runtime.maintain(claims.claim, runtime.clocks.machine.now(), channel, batch)
            if not ids or not _Round(runtime, way, lease, ids, counts).run(stop):
                break


class Relay:
    """Keep one channel moving in this process: a call while it moves makes it look once more when it is done."""

    def __init__(self, runtime: Runtime, channel: Channel, stop: Callable[[], bool]) -> None:
        self._runtime, self._channel, self._stop = runtime, channel, stop
        self._busy = threading.Lock()
        self._again = threading.Event()

    def run(self) -> DeliveryReport | None:
        """Deliver what is due; return None at once when this process is at it already."""
        self._again.set()
        report: DeliveryReport | None = None
        # Whoever is refused the lock has set the flag before, and the holder looks at it after letting go.
        while self._again.is_set() and not self._stop() and self._busy.acquire(blocking=False):
            try:
                self._again.clear()
                report = deliver_due(self._runtime, (self._channel,), stop=self._stop)
            finally:
                self._busy.release()
        return report


class _Round:
    """One claimed batch on its way. ``_rest``: what is claimed and not settled yet, in the order to send.

    ``_noted``: the message of which is noted that it leaves; ``_is_leaving``: the one at hand has been let go.
    """

    def __init__(
        self, runtime: Runtime, way: "_WayOut", lease: UUID, ids: Sequence[UUID], counts: Counter[str]
    ) -> None:
        self._runtime, self._way, self._lease, self._rest, self._counts = runtime, way, lease, list(ids), counts
        self._channel = way.channel
        self._held_until = runtime.clocks.machine.now() + claims.LEASE
        self._found: Mapping[UUID, Delivery] = {}
        self._tried: UUID | None = None
        self._noted: UUID | None = None
        self._is_leaving = False

    def run(self, stop: Callable[[], bool]) -> bool:
        """Send the batch; return False when the gateway cannot be used."""
        self._found = {each.id: each for each in self._runtime.read(deliveries.claimed, self._rest)}
        try:
            send = self._way.open()
            while self._rest and not stop() and self._hold():
                self._tried = self._rest[0]
                self._is_leaving = False
                self._deliver(self._found[self._tried], send)
        except GatewayUnavailableError as error:
            self._postpone(str(error))
            return False
        finally:
            if self._rest:
                self._runtime.maintain(claims.release, self._machine_now, self._lease, self._rest)
        return True

    def _deliver(self, delivery: Delivery, send: Send) -> None:
        try:
            if self._is_kept_back(delivery):
                return
            send(delivery, partial(self._let_go, delivery.id))
        except GatewayUnavailableError:
            raise
        except _LeaseLostError:
            self._done(delivery.id, "lost")
        except DeliveryUnclearError as error:
            self._refused(delivery, Refusal(str(error), unclear=True))
        except DeliveryRefusedError as error:
            self._refused(delivery, Refusal(str(error), error.permanent), wrong_address=error.wrong_address)
        except Exception as error:
            # Whatever is wrong with one message must not keep the others.
            log.exception("message cannot be written or sent", message_id=str(delivery.id))
            words = f"This message cannot be written or sent ({type(error).__name__})."
            self._refused(delivery, Refusal(words, unclear=self._is_leaving))
        else:
            self._arrived(delivery)

    def _is_kept_back(self, delivery: Delivery) -> bool:
        """Settle what is not to be sent now, or ever; tell whether it was that."""
        now = self._runtime.clocks.hospital.now()
        if delivery.is_declined and may_decline(delivery.type) and not is_sample(delivery):
            gone = self._runtime.maintain(claims.withdraw, self._lease, delivery.id)
            self._done(delivery.id, "declined" if gone else "lost")
        elif (until := delivery.held_until(now)) is not None:
            due = self._machine_now + (until - now) / self._runtime.clocks.speed
            held = self._runtime.maintain(claims.put_off, self._lease, delivery.id, due)
            self._done(delivery.id, "held" if held else "lost")
        elif delivery.unclear >= MOST_UNCLEAR:
            self._refused(delivery, Refusal(PROBABLY_ARRIVED, permanent=True))
        else:
            return False
        return True

    def _let_go(self, message_id: UUID) -> None:
        """Note that the message at hand leaves, if that is not noted yet; raise when it is another's by now."""
        if self._noted != message_id and not self._runtime.maintain(claims.begin, self._lease, message_id):
            raise _LeaseLostError
        self._is_leaving = True

    def _arrived(self, delivery: Delivery) -> None:
        now = self._runtime.clocks.hospital.now()
        following = self._rest[1] if len(self._rest) > 1 and not self._found[self._rest[1]].unclear else None

        def settle(session: Session) -> tuple[set[UUID], bool]:
            if delivery.is_suspect:
                wrong_addresses.found_right(session, _reached(delivery))
            settled = claims.settle_delivered(session, self._lease, [delivery.id], now)
            return settled, following is not None and claims.begin(session, self._lease, following)

        settled, is_noted = self._runtime.maintain(settle)
        self._noted = following if is_noted else None
        self._done(delivery.id, "delivered" if settled else "lost")

    def _refused(self, delivery: Delivery, refusal: Refusal, *, wrong_address: bool = False) -> None:
        jitter = random.random()  # noqa: S311 -- jitter, not a secret
        now, machine_now = self._runtime.clocks.hospital.now(), self._machine_now

        def settle(session: Session) -> MessageStatus | None:
            status = claims.settle_refused(session, machine_now, self._lease, delivery.id, refusal, jitter=jitter)
            if status is MessageStatus.FAILED and wrong_address:
                wrong_addresses.found_wrong(session, _reached(delivery), refusal.reason, now)
            return status

        status = self._runtime.maintain(settle)
        outcome = {None: "lost", MessageStatus.FAILED: "failed"}.get(status, "retried")
        log.warning("message refused", message_id=str(delivery.id), channel=self._channel.value, outcome=outcome)
        self._done(delivery.id, outcome)

    def _postpone(self, reason: str) -> None:
        # In the middle of a batch only the message at hand waits: should it be the one that breaks the connection,
        # it must not hold up those behind it.
        ids = [self._tried] if self._tried else list(self._rest)
        failed = self._runtime.maintain(claims.give_back, self._machine_now, self._lease, ids, reason)
        log.warning("gateway cannot be used", channel=self._channel.value, reason=reason, postponed=len(ids) - failed)
        for message_id in ids:
            self._rest.remove(message_id)
        self._counts["failed"] += failed
        self._counts["postponed"] += len(ids) - failed

    def _hold(self) -> bool:
        """Renew a lease that is half over; drop what others hold by now. Return whether anything is left."""
        now = self._machine_now
        if self._held_until - now < claims.LEASE / 2:
            held = self._runtime.maintain(claims.renew, now, self._lease, self._rest)
            self._counts["lost"] += len(self._rest) - len(held)
            self._rest = [message_id for message_id in self._rest if message_id in held]
            self._held_until = now + claims.LEASE
        return bool(self._rest)

    def _done(self, message_id: UUID, outcome: str) -> None:
        self._tried = None
        self._rest.remove(message_id)
        self._counts[outcome] += 1

    @property
    def _machine_now(self) -> datetime:
        return self._runtime.clocks.machine.now()


class _WayOut:
    """One channel's way out: opened at the first need and kept open, opened anew after it broke."""

    def __init__(self, runtime: Runtime, channel: Channel) -> None:
        self.channel = channel
        self._runtime, self._desk = runtime, WritingDesk.of(runtime)
        self._stack = ExitStack()
        self._send: Send | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def open(self) -> Send:
        """Return how to send; raise GatewayUnavailableError."""
        if self._send is None:
            self._send = self._mail() if self.channel is Channel.EMAIL else self._text()
        return self._send

    def _mail(self) -> Send:
        clocks, desk = self._runtime.clocks, self._desk
        mail = self._stack.enter_context(self._runtime.gateways.mail.connected())
        return lambda delivery, letting_go: mail.send(
            desk.mail_of(delivery, clocks.hospital.now(), clocks.machine.now()), letting_go
        )

    def _text(self) -> Send:
        clocks, desk = self._runtime.clocks, self._desk
        sms = self._stack.enter_context(self._runtime.gateways.sms.connected())
        return lambda delivery, letting_go: sms.send(desk.text_of(delivery, clocks.hospital.now()), letting_go)


def _reached(delivery: Delivery) -> Reached:
    return Reached(delivery.hospital_id, delivery.patient_id, delivery.user_id, delivery.channel, delivery.address)
