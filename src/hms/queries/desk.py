"""What every page needs of the hospital, in one statement: its policy, how to reach it, and unread news."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.policy import Policy
from hms.models import Hospital, Notification
from hms.queries.notifications import addressed_to


@dataclass(frozen=True, slots=True)
class DeskRow:
    """The hospital as its pages show it. ``unread``: the reader's own notifications not read yet."""

    policy: Policy
    address: str
    phone: str
    unread: int


def row(session: Session, actor: Actor) -> DeskRow:
    """Return the actor's hospital as pages need it."""
    unread = (
        select(func.count())
        .select_from(Notification)
        .where(addressed_to(actor), Notification.read_at.is_(None))
        .scalar_subquery()
    )
    statement = select(Hospital.settings, Hospital.address, Hospital.phone, unread)
    settings, address, phone, count = session.execute(statement.where(Hospital.id == actor.hospital_id)).one()
    return DeskRow(Policy.from_settings(settings), address, phone, count)
