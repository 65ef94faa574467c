"""What admins do about messages that could not be delivered."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hms.access import scope
from hms.access.permissions import Permission
from hms.access.scope import not_found
from hms.domain.errors import Code, DomainError
from hms.domain.events import MessageTried
from hms.domain.messages import MessageStatus
from hms.languages import LANGUAGES
from hms.models import OutgoingMessage, new_id
from hms.outbox.notices.samples import SAMPLES
from hms.queries import users
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class TrySample:
    """A sample message that an admin wants in their own mailbox, in one of `hms.languages`."""

    sample: str
    language: str


TRIED_AHEAD = timedelta(days=7)
"""How far ahead the visit lies that a sample tells of, so that it is still to come when it is read."""


def try_sample(work: Work, command: TrySample) -> None:
    """Send a message with invented facts to the admin who asks for it, by the way of all others.

    Raise NOT_FOUND for a sample or language that there is not.
    """
    work.require(Permission.SEE_MESSAGES)
    if command.sample not in SAMPLES or command.language not in LANGUAGES:
        raise not_found("Sample")
    admins = {admin.user_id: admin for admin in users.admins(work.session, work.actor.hospital_id)}
    work.emit(
        MessageTried(
            entity_id=new_id(),
            sample=command.sample,
            language=command.language,
            day=work.today + TRIED_AHEAD,
            zone=work.hospital.zone,
            admin=admins[work.actor.user_id],
        )
    )


def resend(work: Work, message_id: UUID) -> UUID:
    """Put a message that was given up back in line, with all its tries before it; raise CONFLICT for any other."""
    work.require(Permission.SEE_MESSAGES)
    message = scope.find(work.session, work.actor, OutgoingMessage, message_id, lock=True)
    if message.status is not MessageStatus.FAILED:
        raise DomainError(Code.CONFLICT, "Only a message that failed can be sent again. Reload to see its state.")
    message.status = MessageStatus.PENDING
    message.attempts = message.unclear = 0
    message.queued_at = message.next_attempt_at = work.machine_now
    message.lease = message.lease_until = None
    work.changed("message", "resent", message)
    work.pending_messages += 1  # so that a worker is told after the commit
    return message_id
