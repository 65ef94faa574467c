"""Vitals of a visit: record, correct, read."""

from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.vitals import Measured
from hms.queries import vitals as queries
from hms.queries.appointments import AppointmentRow
from hms.queries.vitals import VitalsRow
from hms.services import vitals
from hms.services.vitals import Record
from hms.web.api.appointments import changed
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Note, Version

routes = Routes("Vitals", "What is measured of a patient who waits, in metric units. For nurses, doctors and admins.")


class Measurements(Body):
    """At least one measurement. Pressures in mmHg, rates a minute, °C, %, kg, cm; pain from 0 to 10.

    ``correctionReason``: why vitals that are recorded already are replaced. ``version``: the appointment's.
    """

    systolic: int | None = None
    diastolic: int | None = None
    heart_rate: int | None = None
    temperature: float | None = None
    sp_o2: int | None = None
    respiratory_rate: int | None = None
    weight: float | None = None
    height: float | None = None
    pain: int | None = None
    correction_reason: Note | None = None
    version: Version | None = None


@routes.post(
    "/appointments/<uuid:appointment_id>/vitals",
    needs=Permission.RECORD_VITALS,
    errors=(Code.INVALID_TRANSITION, Code.ALREADY_EXISTS),
)
def record(call: Call, appointment_id: UUID, body: Measurements) -> AppointmentRow:
    """Record the vitals of a patient who is checked in, and get the appointment as it is then.

    Every value outside its plausible range is named with what is allowed. A second time a reason is needed; the
    earlier values stay in the history.
    """
    measured = Measured(**body.given("correction_reason", "version"))
    command = Record(appointment_id, measured, body.correction_reason, body.version)
    return changed(call, appointment_id, lambda work: vitals.record(work, command))


@routes.get("/appointments/<uuid:appointment_id>/vitals", needs=Permission.RECORD_VITALS)
def of_appointment(call: Call, appointment_id: UUID) -> list[VitalsRow]:
    """List a visit's vitals: the present ones first, then what they replaced."""
    return call.read(queries.of_appointment, call.actor, appointment_id)
