"""Notices of what happens while a patient is at the clinic."""

from hms.domain.events import ParticipantInvited
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import IN_APP_ONLY, about, notices_of, when


@notices_of.register
def _(event: ParticipantInvited) -> list[Notice]:
    visit = event.visit
    return [
        Notice(
            cause=f"participant:{event.participant_id}",
            recipient=event.doctor,
            type="CONSULTATION_REQUEST",
            title="Consultation Request",
            message=f"Dr. {visit.doctor_name} has requested your participation ({event.role.lower()}) in the "
            f"consultation of {visit.patient.name} on {when(visit)}.",
            channels=IN_APP_ONLY,
            priority=Priority.HIGH,
            metadata={**about(visit), "consultationId": str(event.entity_id)},
        )
    ]
