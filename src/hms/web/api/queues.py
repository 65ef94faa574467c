"""Queues of today: who waits for vitals, who for which doctor, and what the waiting room's screen shows."""

from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.queries import queues as queries
from hms.queries.queues import DoctorLine, DoctorQueue, WaitingRow
from hms.web.api.routing import Call, Routes

routes = Routes(
    "Queues",
    "Patients who are here today, whose turn it is first: the later of appointed time and check-in decides, so coming "
    "early gains nothing and coming late means to wait behind those who were here in time.",
)


@routes.get("/queues/vitals", needs=Permission.RECORD_VITALS)
def vitals(call: Call) -> list[WaitingRow]:
    """List who waits for vitals; doctors see their own patients."""
    return call.read(queries.vitals, call.actor, call.today)


@routes.get("/queues/doctor/<uuid:doctor_id>", needs=Permission.SEE_BOARD, errors=(Code.NOT_FOUND,))
def of_doctor(call: Call, doctor_id: UUID) -> DoctorQueue:
    """Show a doctor's queue: who is in the room, who is ready, whose vitals are still to come."""
    return call.read(queries.of_doctor, call.actor, doctor_id, call.today)


@routes.get("/queues/waiting-room", needs=Permission.SEE_BOARD)
def waiting_room(call: Call) -> list[DoctorLine]:
    """Show who is next, where: doctor by doctor, with as little of the names as it takes."""
    return call.read(queries.waiting_room, call.actor, call.today)
