"""How people want to be told."""

from dataclasses import dataclass
from uuid import UUID

from hms.domain.errors import Code
from hms.domain.messages import Channel
from hms.queries import preferences as queries
from hms.queries.preferences import Preferences
from hms.services import preferences
from hms.services.preferences import Wishes
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Edit, Language, Query, Version

routes = Routes("Preferences", "By which ways people want to be told, and in which language.")


@dataclass(frozen=True, slots=True)
class PreferenceList:
    """The wishes of the one signed in, then those of whom they look after."""

    people: list[Preferences]


class WhosePreferences(Query):
    """``patientId``: only this patient's, for staff and for whose record it is."""

    patient_id: UUID | None = None


class PreferenceEdit(Edit):
    """What to change; what is left out stays. ``patientId``: whose; without it those of the login that asks.

    ``email`` and ``sms``: false declines all that can be declined; cancellations and account mails come all the same.
    """

    patient_id: UUID | None = None
    email: bool = True
    sms: bool = True
    language: Language = "en"
    version: Version | None = None


@routes.get("/notifications/preferences", errors=(Code.NOT_FOUND,))
def show(call: Call, query: WhosePreferences) -> PreferenceList:
    """Show how one wants to be told. What stands in the application cannot be declined."""
    if query.patient_id is not None:
        return PreferenceList([call.read(queries.of_patient, call.actor, query.patient_id)])
    return PreferenceList(call.read(queries.own, call.actor))


@routes.put("/notifications/preferences", errors=(Code.NOT_FOUND, Code.STALE_VERSION))
def choose(call: Call, body: PreferenceEdit) -> PreferenceList:
    """Say how one wants to be told.

    A patient without ``patientId`` means their own record. Messages that wait already are left out too.
    """
    given = body.given()
    patient_id = body.patient_id or call.actor.patient_id
    channels = {channel: given[channel.value] for channel in (Channel.EMAIL, Channel.SMS) if channel.value in given}
    wishes = Wishes(
        patient_id=patient_id, channels=channels, language=given.get("language"), version=given.get("version")
    )
    call.transact(preferences.choose, wishes)
    if patient_id is not None:
        return PreferenceList([call.read(queries.of_patient, call.actor, patient_id)])
    return PreferenceList(call.read(queries.own, call.actor))
