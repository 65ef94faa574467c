"""What admins do about messages that could not be delivered."""

from uuid import UUID

from hms.access import scope
from hms.access.permissions import Permission
from hms.domain.errors import Code, DomainError
from hms.domain.messages import MessageStatus
from hms.models import OutgoingMessage
from hms.transaction import Work


def resend(work: Work, message_id: UUID) -> UUID:
    """Put a message that was given up back in line, with all its tries before it; raise CONFLICT for any other."""
    work.require(Permission.SEE_MESSAGES)
    message = scope.find(work.session, work.actor, OutgoingMessage, message_id, lock=True)
    if message.status is not MessageStatus.FAILED:
        raise DomainError(Code.CONFLICT, "Only a message that failed can be sent again. Reload to see its state.")
    message.status = MessageStatus.PENDING
    message.attempts = 0
    message.queued_at = message.next_attempt_at = work.machine_now
    message.lease = message.lease_until = None
    work.changed("message", "resent", message)
    work.pending_messages += 1  # so that a worker is told after the commit
    return message_id
