"""Logins, kept by admins."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from hms.access.passwords import hash_password
from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.people import Role
from hms.queries import users
from hms.queries.users import UserFilters, UserRow
from hms.services import users as services
from hms.services.availability import Unavailability
from hms.services.users import EditUser, NewUser, SetPassword
from hms.transaction import Work
from hms.web.api.affected import VisitsWarning, warning_of_stop
from hms.web.api.answers import Page, Warned, after_name, name_of, page_of, read_cursor
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Edit, Email, Language, Name, Paging, Password, Phone, Preview, Search, Version

routes = Routes("Users", "The hospital's logins. Doctors' are made with the doctor, patients' by themselves.")

PlainRole = Literal[Role.HOSPITAL_ADMIN, Role.RECEPTIONIST, Role.NURSE]
MANAGE = Permission.MANAGE_USERS


class UserSearch(Paging):
    """Which logins. ``search``: the beginning of a name or address."""

    role: Role | None = None
    is_active: bool | None = None
    search: Search | None = None


class UserCreation(Body):
    """A login for an admin, receptionist or nurse; the password has 10 to 200 characters."""

    email: Email
    password: Password
    role: PlainRole
    first_name: Name
    last_name: Name
    phone: Phone | None = None
    language: Language | None = None


class UserEdit(Edit):
    """What to change; what is left out stays. A new ``password`` ends all sessions of the login."""

    email: Email = ""
    first_name: Name = ""
    last_name: Name = ""
    phone: Phone | None = None
    language: Language = "en"
    role: PlainRole = Role.NURSE
    is_active: bool = True
    password: Annotated[Password, Field(min_length=10)] = ""
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class StoppedDoctor:
    """What followed for a doctor's visits; those of ``checkedInAppointmentIds`` were left as they are."""

    cancelled_appointments: int
    notified_patients: int
    affected_appointment_ids: tuple[UUID, ...]
    checked_in_appointment_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class UserChange:
    """The login, and what followed for a doctor's visits when it was deactivated."""

    user: UserRow
    unavailability: StoppedDoctor | None


@routes.get("/users", needs=MANAGE)
def listing(call: Call, query: UserSearch) -> Page[UserRow]:
    """List logins by name."""
    filters = UserFilters(query.role, query.is_active, query.search)
    after = read_cursor(query.cursor, after_name)
    rows = call.read(users.listing, call.actor, filters, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, name_of)


@routes.post("/users", needs=MANAGE, status=201, errors=(Code.EMAIL_TAKEN,))
def create(call: Call, body: UserCreation) -> UserRow:
    """Create a login."""
    values = body.given("password")
    created = call.transact(services.create, NewUser(password_hash=hash_password(body.password), **values))
    return call.read(users.one, call.actor, created)


@routes.get("/users/<uuid:user_id>", needs=MANAGE)
def one(call: Call, user_id: UUID) -> UserRow:
    """Show one login."""
    return call.read(users.one, call.actor, user_id)


@routes.patch("/users/<uuid:user_id>", needs=MANAGE, errors=(Code.EMAIL_TAKEN, Code.CONFLICT))
def edit(call: Call, user_id: UUID, query: Preview, body: UserEdit) -> Warned[UserChange, VisitsWarning]:
    """Edit a login; deactivating it ends its sessions.

    Deactivating a doctor's login cancels what lies ahead, as when the doctor is made unavailable.
    """
    command = EditUser(user_id=user_id, changes=body.given("password", "version"), version=body.version)
    password_hash = hash_password(body.password) if "password" in body.model_fields_set else None

    def act(work: Work) -> Warned[UserChange, VisitsWarning]:
        followed = services.update(work, command)
        if password_hash is not None:
            services.set_password(work, SetPassword(user_id=user_id, password_hash=password_hash))
        work.session.flush()
        data = UserChange(users.one(work.session, work.actor, user_id), _stopped(followed))
        return Warned(data, warning_of_stop(followed))

    return call.rehearse(act) if query.preview else call.transact(act)


def _stopped(followed: Unavailability | None) -> StoppedDoctor | None:
    if followed is None:
        return None
    return StoppedDoctor(
        followed.cancelled_appointments,
        followed.notified_patients,
        followed.affected_appointment_ids,
        followed.checked_in_appointment_ids,
    )
