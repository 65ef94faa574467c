"""Note which addresses were refused for good, and which of them work after all. Nothing is sent or kept back for it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.orm import Session

from hms.domain.messages import Channel
from hms.models import WrongAddress, new_id
from hms.models.bulk import insert_missing


@dataclass(frozen=True, slots=True)
class Reached:
    """One person on one channel, and the address there: a patient, else a login."""

    hospital_id: UUID
    patient_id: UUID | None
    user_id: UUID | None
    channel: Channel
    address: str

    @property
    def is_listed(self) -> ColumnElement[bool]:
        """The condition that a listed address is this person's on this channel."""
        w = WrongAddress
        person = w.patient_id == self.patient_id if self.patient_id else w.user_id == self.user_id
        return person & (w.channel == self.channel)


def found_wrong(session: Session, at: Reached, reason: str, now: datetime) -> None:
    """List an address (``now``: hospital clock), or let it stand as it is listed; it takes an earlier one's place."""
    columns = {
        "id": new_id(),
        "hospital_id": at.hospital_id,
        "patient_id": at.patient_id,
        "user_id": at.user_id,
        "channel": at.channel,
        "address": at.address,
        "reason": reason[:400],
        "since": now,
    }
    key = ("patient_id" if at.patient_id else "user_id", "channel")
    insert_missing(session, WrongAddress, {name: [value] for name, value in columns.items()}, key)
    anew = update(WrongAddress).where(at.is_listed, WrongAddress.address != at.address)
    session.execute(
        anew.values(address=at.address, reason=reason[:400], since=now).execution_options(synchronize_session=False)
    )


def found_right(session: Session, at: Reached) -> None:
    """Take a person's address off the list: a message arrived."""
    session.execute(delete(WrongAddress).where(at.is_listed).execution_options(synchronize_session=False))
