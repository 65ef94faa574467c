"""Notices of visits that wait."""

from hms.domain.events import StageAlertRaised
from hms.domain.messages import Notice, Priority
from hms.domain.stage_alerts import TITLES
from hms.outbox.notices.base import IN_APP_ONLY, notices_of


@notices_of.register
def _(event: StageAlertRaised) -> list[Notice]:
    return [
        Notice(
            cause=f"stage_alert:{event.entity_id}",
            recipient=someone,
            type=event.alert_type.value,
            title=TITLES[event.alert_type],
            message=event.message,
            channels=IN_APP_ONLY,
            priority=Priority.HIGH,
            metadata={"alertId": str(event.entity_id), "appointmentId": str(event.appointment_id)},
            is_new=True,
        )
        for someone in event.staff
    ]
