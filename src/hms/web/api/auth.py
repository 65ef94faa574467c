"""Sign in, refresh, sign out, one's own password, and who one is."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.domain.errors import Code
from hms.domain.people import Role, Sex
from hms.queries import guardians
from hms.queries.guardians import Dependant
from hms.queries.identity import HospitalName, Identity
from hms.services.identity import Opened
from hms.services.patients import NewPatient
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Email, Language, Name, Password, Phone
from hms.web.identity import Credentials

routes = Routes("Sign-in", "Access tokens live 15 minutes; the session behind them is checked on each request.")


class SignIn(Body):
    """Who signs in. ``hospitalCode`` is only needed where the address has logins at several hospitals."""

    email: Email
    password: Password
    hospital_code: Annotated[str, Field(min_length=2, max_length=16)] | None = None


class Registration(Body):
    """A new patient and their login, at the hospital with this code."""

    hospital_code: Annotated[str, Field(min_length=2, max_length=16)]
    email: Email
    password: Password
    first_name: Name
    last_name: Name
    date_of_birth: Day | None = None
    sex: Sex = Sex.UNKNOWN
    phone: Phone | None = None
    language: Language = "en"


class RefreshSession(Body):
    """The refresh token of an earlier answer; it can be traded once."""

    refresh_token: Password


class PasswordChange(Body):
    """The present password and the one to come, of 10 to 200 characters."""

    current_password: Password
    new_password: Password


@dataclass(frozen=True, slots=True)
class Me:
    """The login that asks. ``patientId`` and ``doctorId``: the records that are its own.

    ``dependants``: patients whom it looks after, and may act for as for itself.
    """

    id: UUID
    role: Role
    first_name: str
    last_name: str
    email: str
    language: str
    patient_id: UUID | None
    doctor_id: UUID | None
    dependants: list[Dependant]
    hospital: HospitalName


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens of a session. ``expiresIn``: seconds that the access token is good."""

    access_token: str
    refresh_token: str
    expires_in: int
    user: Me


@routes.post("/auth/login", public=True, errors=(Code.INVALID_CREDENTIALS, Code.HOSPITAL_REQUIRED, Code.RATE_LIMITED))
def login(call: Call, body: SignIn) -> SignedIn:
    """Sign in."""
    credentials = Credentials(body.email, body.password, body.hospital_code)
    return _signed_in(call, call.door.sign_in(credentials, call.address, for_pages=False))


@routes.post("/auth/refresh", public=True, errors=(Code.UNAUTHENTICATED,))
def refresh(call: Call, body: RefreshSession) -> SignedIn:
    """Trade a refresh token for new tokens.

    A token that comes a second time ends its session: somebody else may have it.
    """
    return _signed_in(call, call.door.refresh(body.refresh_token))


@routes.post(
    "/auth/register",
    public=True,
    status=201,
    errors=(Code.NOT_FOUND, Code.EMAIL_TAKEN, Code.RATE_LIMITED, Code.INVALID_CREDENTIALS, Code.HOSPITAL_REQUIRED),
)
def register(call: Call, body: Registration) -> SignedIn:
    """Register as a patient and sign in."""
    patient = NewPatient(
        first_name=body.first_name,
        last_name=body.last_name,
        date_of_birth=body.date_of_birth,
        sex=body.sex,
        phone=body.phone,
        email=body.email,
        language=body.language,
    )
    credentials = Credentials(body.email, body.password, body.hospital_code)
    call.door.register(patient, credentials, call.address)
    return _signed_in(call, call.door.sign_in(credentials, call.address, for_pages=False))


@routes.post("/auth/logout")
def logout(call: Call) -> None:
    """Sign out: the session and all its tokens end at once."""
    call.door.sign_out(call.identity)


@routes.post("/auth/password/change", errors=(Code.VALIDATION, Code.RATE_LIMITED, Code.INVALID_CREDENTIALS))
def change_password(call: Call, body: PasswordChange) -> None:
    """Change one's own password; one's other sessions end."""
    call.door.change_password(call.identity, body.current_password, body.new_password, call.address)


@routes.get("/auth/me")
def me(call: Call) -> Me:
    """Tell who asks."""
    return _me(call, call.identity)


def _me(call: Call, identity: Identity) -> Me:
    return Me(
        id=identity.user_id,
        role=identity.role,
        first_name=identity.first_name,
        last_name=identity.last_name,
        email=identity.email,
        language=identity.language,
        patient_id=identity.actor.patient_id,
        doctor_id=identity.actor.doctor_id,
        dependants=call.read(guardians.dependants, identity.actor) if identity.actor.dependants else [],
        hospital=identity.hospital,
    )


def _signed_in(call: Call, opened: Opened) -> SignedIn:
    token = call.door.access_token(opened)
    return SignedIn(
        access_token=token,
        refresh_token=opened.refresh_token or "",
        expires_in=int(call.door.access_lifetime.total_seconds()),
        user=_me(call, call.door.identity_of(token)),
    )
