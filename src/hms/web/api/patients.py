"""Patients: staff register and search them, patients see and edit their own record."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.people import PatientStatus, Sex
from hms.queries import patients
from hms.queries.patients import PatientFilters, PatientRow
from hms.services import patients as services
from hms.services.patients import EditPatient, NewPatient
from hms.web.api.answers import Page, after_name, name_of, page_of, read_cursor
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Edit, Email, Language, Name, Paging, Phone, Search, Version

routes = Routes("Patients", "Patients of the hospital.")

OWN_OR_ALL = (Permission.FIND_PATIENTS, Permission.SEE_OWN_RECORD)


class PatientSearch(Paging):
    """Which patients. ``search``: words of the name in any order and without accents, of the MRN, or phone digits."""

    search: Search | None = None
    status: PatientStatus | None = None
    date_of_birth: Day | None = None


class PatientRegistration(Body):
    """A patient to register; the record number is made here. A family may share phone and email.

    ``mrn``: the number that they say they have; it is only compared. ``anyway``: register them although
    POSSIBLE_DUPLICATE named somebody like that.
    """

    first_name: Name
    last_name: Name
    date_of_birth: Day | None = None
    sex: Sex = Sex.UNKNOWN
    phone: Phone | None = None
    email: Email | None = None
    language: Language | None = None
    mrn: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    anyway: bool = False


class PatientEdit(Edit):
    """What to change; what is left out stays. Patients themselves may change phone, email and language."""

    first_name: Name = ""
    last_name: Name = ""
    date_of_birth: Day | None = None
    sex: Sex = Sex.UNKNOWN
    phone: Phone | None = None
    email: Email | None = None
    language: Language = "en"
    status: PatientStatus = PatientStatus.ACTIVE
    version: Version | None = None


@routes.get("/patients", needs=Permission.FIND_PATIENTS)
def listing(call: Call, query: PatientSearch) -> Page[PatientRow]:
    """Search patients; they come by last and first name."""
    filters = PatientFilters(query.search, query.status, query.date_of_birth)
    after = read_cursor(query.cursor, after_name)
    rows = call.read(patients.listing, call.actor, filters, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, name_of)


@routes.post(
    "/patients",
    needs=Permission.REGISTER_PATIENTS,
    status=201,
    idempotent=True,
    errors=(Code.VALIDATION, Code.POSSIBLE_DUPLICATE),
)
def register(call: Call, body: PatientRegistration) -> PatientRow:
    """Register a patient.

    Answers POSSIBLE_DUPLICATE when somebody of the same name and date of birth, patient number, phone number or email
    address is registered already. ``error.current`` holds them, with what agrees; send ``anyway`` if it is another
    person.
    """
    command = NewPatient(**body.given())
    return call.once(lambda work: patients.one(work.session, work.actor, services.create(work, command)))


@routes.get("/patients/<uuid:patient_id>", needs=OWN_OR_ALL)
def one(call: Call, patient_id: UUID) -> PatientRow:
    """Show one patient; patients see themselves only."""
    return call.read(patients.one, call.actor, patient_id)


@routes.patch("/patients/<uuid:patient_id>", needs=OWN_OR_ALL, errors=(Code.CONFLICT,))
def edit(call: Call, patient_id: UUID, body: PatientEdit) -> PatientRow:
    """Edit a patient; patients may change how they themselves can be reached.

    Blocking and unblocking are actions of their own, with a note.
    """
    command = EditPatient(patient_id=patient_id, changes=body.given("version"), version=body.version)
    call.transact(services.update, command)
    return call.read(patients.one, call.actor, patient_id)
