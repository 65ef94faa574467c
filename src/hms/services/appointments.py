"""What staff note down about a visit."""

from dataclasses import dataclass
from uuid import UUID

from hms.access.permissions import Permission
from hms.services import lifecycle
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class Annotate:
    """The desk's notes about a visit, in place of those before; empty for none."""

    appointment_id: UUID
    notes: str
    version: int | None = None


def annotate(work: Work, command: Annotate) -> UUID:
    """Replace a visit's notes and return its id; raise NOT_FOUND, FORBIDDEN or STALE_VERSION with the present row.

    The audit trail tells that they changed, not what they say: notes may hold what is nobody else's business.
    """
    work.require(Permission.SEE_BOARD)
    visit = lifecycle.locked(work, command.appointment_id)
    lifecycle.require_own(work, visit)
    lifecycle.require_seen(work, visit, command.version)
    notes = command.notes.strip() or None
    if visit.notes != notes:
        visit.notes = notes
        visit.version += 1
        visit.updated_at = work.now
        work.changed("appointment", "noted", visit)
    return visit.id
