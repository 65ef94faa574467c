"""Notices of what happens while a patient is at the clinic."""

from hms.domain.consultations import ParticipantRole
from hms.domain.events import ParticipantInvited
from hms.domain.messages import Notice, Priority
from hms.languages import marked
from hms.outbox.notices.base import IN_APP_ONLY, about, doctor, notices_of, voice_for, when

_ROLES: dict[ParticipantRole, str] = {
    ParticipantRole.PRIMARY: marked("primary"),
    ParticipantRole.CONSULTING: marked("consulting"),
    ParticipantRole.ASSISTING: marked("assisting"),
    ParticipantRole.SUPERVISING: marked("supervising"),
}


@notices_of.register
def _(event: ParticipantInvited, locale: str) -> list[Notice]:
    visit = event.visit
    say = voice_for(event.doctor, locale)
    return [
        Notice(
            cause=f"participant:{event.participant_id}",
            recipient=event.doctor,
            type="CONSULTATION_REQUEST",
            title=say("Consultation Request"),
            message=say(
                "{doctor} has requested your participation ({role}) in the consultation of {patient} on {when}.",
                doctor=doctor(say, visit),
                role=say(_ROLES[ParticipantRole(event.role)]),
                patient=visit.patient.name,
                when=when(say, visit),
            ),
            language=say.language,
            channels=IN_APP_ONLY,
            priority=Priority.HIGH,
            metadata={**about(visit), "consultationId": str(event.entity_id)},
        )
    ]
