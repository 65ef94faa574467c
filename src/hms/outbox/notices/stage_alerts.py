"""Notices of visits that wait."""

from hms.domain.events import StageAlertRaised
from hms.domain.messages import Notice, Priority
from hms.domain.people import Contact
from hms.domain.stage_alerts import TEXTS, TITLES
from hms.outbox.notices.base import IN_APP_ONLY, notices_of, voice_for


@notices_of.register
def _(event: StageAlertRaised, locale: str) -> list[Notice]:
    return [_waits(event, someone, locale) for someone in event.staff]


def _waits(event: StageAlertRaised, someone: Contact, locale: str) -> Notice:
    say, facts = voice_for(someone, locale), event.facts
    return Notice(
        cause=f"stage_alert:{event.entity_id}",
        recipient=someone,
        type=event.alert_type.value,
        title=say(TITLES[event.alert_type]),
        message=say(
            TEXTS[event.alert_type],
            patient=facts.patient,
            mrn=facts.mrn,
            came=say.time(facts.came),
            since=say.time(facts.since),
            minutes=facts.minutes,
        ),
        language=say.language,
        channels=IN_APP_ONLY,
        priority=Priority.HIGH,
        metadata={"alertId": str(event.entity_id), "appointmentId": str(event.appointment_id)},
        is_new=True,
    )
