"""The hospital itself: name, addresses, and the policy that its admins set."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from pydantic import Field, create_model

from hms.access.permissions import Permission
from hms.domain.policy import Policy
from hms.queries import hospitals
from hms.queries.hospitals import HospitalRow
from hms.services import hospitals as services
from hms.services.hospitals import EditHospital
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Edit, Locale, Name, Version

routes = Routes("Hospital", "The hospital of who asks. Its policy is data: admins edit it here.")

# One field for each figure of the policy, so that a new figure can be edited without a word here.
_TYPES = get_type_hints(Policy)
_FIGURES: dict[str, Any] = {f.name: (_TYPES[f.name], f.default) for f in fields(Policy)}
if TYPE_CHECKING:
    PolicyEdit = Edit
else:
    PolicyEdit = create_model("PolicyEdit", __base__=Edit, __doc__="The figures to change.", **_FIGURES)


class HospitalEdit(Edit):
    """What to change; what is left out stays. Code and time zone are fixed."""

    name: Name = ""
    locale: Locale = ""
    address: Annotated[str, Field(max_length=400)] = ""
    phone: Annotated[str, Field(max_length=32)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    settings: PolicyEdit = Field(default_factory=PolicyEdit)
    version: Version | None = None


@routes.get("/hospital", needs=Permission.SEE_HOSPITAL)
def one(call: Call) -> HospitalRow:
    """Show the hospital with its settings."""
    return call.read(hospitals.one, call.actor)


@routes.patch("/hospital", needs=Permission.EDIT_HOSPITAL)
def edit(call: Call, body: HospitalEdit) -> HospitalRow:
    """Edit the hospital's name, addresses and settings."""
    changes = body.given("settings", "version")
    call.transact(services.update, EditHospital(changes=changes, policy=body.settings.given(), version=body.version))
    return call.read(hospitals.one, call.actor)
