"""Guardians: the logins that may act for a patient."""

from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.queries import guardians
from hms.queries.guardians import GuardianRow
from hms.services import guardians as services
from hms.services.guardians import Guardianship, NewGuardian
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Email

routes = Routes("Guardians", "Logins that act for a child, or for somebody cared for, as if for themselves.")


class GuardianLink(Body):
    """The address of a patient's login that is to look after this patient too."""

    email: Email


@routes.get("/patients/<uuid:patient_id>/guardians", needs=Permission.FIND_PATIENTS)
def listing(call: Call, patient_id: UUID) -> list[GuardianRow]:
    """List who may act for a patient."""
    return call.read(guardians.of_patient, call.actor, patient_id)


@routes.post(
    "/patients/<uuid:patient_id>/guardians",
    needs=Permission.LINK_GUARDIANS,
    status=201,
    errors=(Code.VALIDATION,),
)
def link(call: Call, patient_id: UUID, body: GuardianLink) -> list[GuardianRow]:
    """Let a login act for a patient, and list who may now.

    Doing it again changes nothing. Check that they are entitled: they will see the patient's visits and may book,
    move and cancel.
    """
    call.transact(services.link, NewGuardian(patient_id, body.email))
    return call.read(guardians.of_patient, call.actor, patient_id)


@routes.delete("/patients/<uuid:patient_id>/guardians/<uuid:user_id>", needs=Permission.LINK_GUARDIANS)
def unlink(call: Call, patient_id: UUID, user_id: UUID) -> None:
    """Let a login act for a patient no longer, from its next request on."""
    call.transact(services.unlink, Guardianship(patient_id, user_id))
