"""Reading what one was told."""

from uuid import UUID

from sqlalchemy import select, update

from hms.access.scope import not_found
from hms.domain.events import Changed
from hms.models import Notification
from hms.queries.notifications import addressed_to
from hms.transaction import Work


def read(work: Work, notification_id: UUID) -> None:
    """Mark one of the actor's notifications as read; safe to repeat. Raise NOT_FOUND for anybody else's."""
    row = work.session.scalar(
        select(Notification)
        .where(Notification.id == notification_id, addressed_to(work.actor))
        .with_for_update(key_share=True)
    )
    if row is None:
        raise not_found("Notification")
    if row.read_at is None:
        row.read_at = work.now
        work.changed("notification", "read", row)


def read_all(work: Work) -> int:
    """Mark all of the actor's notifications as read; return how many were not."""
    unread = update(Notification).where(addressed_to(work.actor), Notification.read_at.is_(None))
    ids = work.session.scalars(unread.values(read_at=work.now).returning(Notification.id)).all()
    if ids and work.actor.user_id is not None:
        work.emit(Changed(entity_id=work.actor.user_id, noun="user", verb="read_notifications", values={"n": len(ids)}))
    return len(ids)
