"""Doctors: everybody sees them, admins make and edit them."""

from dataclasses import asdict, dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.passwords import hash_password
from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.people import Role
from hms.queries import doctors
from hms.queries.doctors import DoctorFilters, DoctorRow
from hms.services import doctors as services
from hms.services.doctors import DoctorChange, EditDoctor, NewDoctor
from hms.services.slots import Regenerated
from hms.services.users import NewUser
from hms.transaction import Work
from hms.web.api.affected import VisitsWarning, warning_of_stop
from hms.web.api.answers import Page, Warned, after_name, name_of, page_of, read_cursor
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Edit, Email, Language, Name, Paging, Password, Phone, Preview, Version

routes = Routes("Doctors", "The hospital's doctors and the figures of their calendars.")

SlotDuration = Annotated[int, Field(ge=5, le=480)]
MaxPatients = Annotated[int, Field(ge=0, le=500)]


class DoctorSearch(Paging):
    """Which doctors. ``available``: those who take patients now."""

    specialization: Name | None = None
    available: bool | None = None


class DoctorCreation(Body):
    """A doctor with their login; ``slotDuration`` in minutes. The password has 10 to 200 characters."""

    email: Email
    password: Password
    first_name: Name
    last_name: Name
    phone: Phone | None = None
    language: Language | None = None
    specialization: Name
    slot_duration: SlotDuration = 30
    max_patients_per_day: MaxPatients = 30


class DoctorEdit(Edit):
    """What to change; what is left out stays."""

    specialization: Name = ""
    slot_duration: SlotDuration = 30
    max_patients_per_day: MaxPatients = 30
    is_available: bool = True
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class ChangedDoctor:
    """The doctor and what followed. ``slots``: what another slot length did to the future slots.

    ``affectedAppointmentIds`` were cancelled because the doctor takes no more patients; those of
    ``checkedInAppointmentIds`` wait in the clinic and were left as they are.
    """

    id: UUID
    user_id: UUID
    first_name: str
    last_name: str
    specialization: str
    slot_duration: int
    max_patients_per_day: int
    is_available: bool
    is_active: bool
    version: int
    slots: Regenerated | None
    cancelled_appointments: int
    notified_patients: int
    affected_appointment_ids: tuple[UUID, ...]
    checked_in_appointment_ids: tuple[UUID, ...]


@routes.get("/doctors", needs=Permission.SEE_DOCTORS)
def listing(call: Call, query: DoctorSearch) -> Page[DoctorRow]:
    """List doctors by name."""
    filters = DoctorFilters(query.specialization, query.available)
    after = read_cursor(query.cursor, after_name)
    rows = call.read(doctors.listing, call.actor, filters, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, name_of)


@routes.post("/doctors", needs=Permission.MANAGE_DOCTORS, status=201, errors=(Code.EMAIL_TAKEN,))
def create(call: Call, body: DoctorCreation) -> DoctorRow:
    """Create a doctor and their login. Their week comes by PUT /doctors/{doctorId}/schedules."""
    login = NewUser(
        email=body.email,
        role=Role.DOCTOR,
        first_name=body.first_name,
        last_name=body.last_name,
        password_hash=hash_password(body.password),
        phone=body.phone,
        language=body.language or "",
    )
    command = NewDoctor(
        login=login,
        specialization=body.specialization,
        slot_duration=body.slot_duration,
        max_patients_per_day=body.max_patients_per_day,
    )
    created = call.transact(services.create, command)
    return call.read(doctors.one, call.actor, created)


@routes.get("/doctors/<uuid:doctor_id>", needs=Permission.SEE_DOCTORS, errors=(Code.DOCTOR_NOT_FOUND,))
def one(call: Call, doctor_id: UUID) -> DoctorRow:
    """Show one doctor."""
    return call.read(doctors.one, call.actor, doctor_id)


@routes.patch("/doctors/<uuid:doctor_id>", needs=Permission.MANAGE_DOCTORS, errors=(Code.DOCTOR_NOT_FOUND,))
def edit(call: Call, doctor_id: UUID, query: Preview, body: DoctorEdit) -> Warned[ChangedDoctor, VisitsWarning]:
    """Edit a doctor.

    Another slotDuration lays the future slots anew. isAvailable false cancels all scheduled and confirmed visits ahead,
    tells their patients and lists them in the warning; isAvailable true lets patients book again and brings nothing
    back. With `preview=true` nothing is changed.
    """
    command = EditDoctor(doctor_id=doctor_id, changes=body.given("version"), version=body.version)

    def act(work: Work) -> Warned[ChangedDoctor, VisitsWarning]:
        change = services.update(work, command)
        work.session.flush()
        data = _changed(doctors.one(work.session, work.actor, doctor_id), change)
        return Warned(data, warning_of_stop(change.unavailability))

    return call.rehearse(act) if query.preview else call.transact(act)


def _changed(row: DoctorRow, change: DoctorChange) -> ChangedDoctor:
    stopped = change.unavailability
    return ChangedDoctor(
        **asdict(row),
        slots=change.slots,
        cancelled_appointments=stopped.cancelled_appointments if stopped else 0,
        notified_patients=stopped.notified_patients if stopped else 0,
        affected_appointment_ids=stopped.affected_appointment_ids if stopped else (),
        checked_in_appointment_ids=stopped.checked_in_appointment_ids if stopped else (),
    )
