"""A patient's history."""

from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.queries import histories
from hms.queries.histories import HistoryRow
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Paging

routes = Routes("History", "A patient's visits so far. Patients read their own, and those of whom they look after.")


@routes.get(
    "/patients/<uuid:patient_id>/history",
    needs=(Permission.FIND_PATIENTS, Permission.SEE_OWN_RECORD),
    errors=(Code.NOT_FOUND,),
)
def of_patient(call: Call, patient_id: UUID, query: Paging) -> Page[HistoryRow]:
    """List a patient's visits that have begun, the latest first, with diagnosis, treatment notes and prescriptions.

    Staff see the visits; what was found is for admins, for the doctors of that consultation, and for the patient once
    it is completed.
    """
    after = read_cursor(query.cursor, position)
    rows = call.read(histories.of_patient, call.actor, patient_id, call.now, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, lambda row: place(row.starts_at, row.appointment_id))
