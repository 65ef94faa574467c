"""Notices that admins send to themselves, to see what they look like."""

from dataclasses import replace

from hms.domain.events import MessageTried
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of
from hms.outbox.notices.samples import Facts, notice_of


@notices_of.register
def _(event: MessageTried, locale: str) -> list[Notice]:
    sample = notice_of(event.sample, Facts(event.day, event.zone, event.language), locale)
    return [
        replace(
            sample,
            cause=f"tried:{event.entity_id}",
            recipient=event.admin,
            channels=IN_APP_AND_EMAIL,
            priority=Priority.HIGH,  # somebody sits and waits for it
            metadata=sample.metadata | {"sample": event.sample},
            is_new=True,
        )
    ]
