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
from hms.web import login_links
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Email, Language, Name, Password, Phone
from hms.web.identity import Credentials
from hms.web.login_links import Forgotten

Token = Annotated[str, Field(min_length=1, max_length=200)]

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
    language: Language | None = None


class RefreshSession(Body):
    """The refresh token of an earlier answer; it can be traded once."""

    refresh_token: Password


class PasswordChange(Body):
    """The present password and the one to come, of 10 to 200 characters."""

    current_password: Password
    new_password: Password


class Verification(Body):
    """The token of a mailed link (what stands behind the last slash), and the password chosen at registration."""

    token: Token
    password: Password


class ForgottenPassword(Body):
    """Whose password is forgotten. ``hospitalCode``: only one of several logins with this address."""

    email: Email
    hospital_code: Annotated[str, Field(min_length=2, max_length=16)] | None = None


class PasswordReset(Body):
    """The token of a mailed link, and the password to come, of 10 to 200 characters."""

    token: Token
    new_password: Password


@dataclass(frozen=True, slots=True)
class Mailed:
    """What was done, for people. It tells nothing about the address."""

    message: str


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
    status=202,
    errors=(Code.NOT_FOUND, Code.RATE_LIMITED),
)
def register(call: Call, body: Registration) -> Mailed:
    """Register as a patient: a link to verify the address is mailed.

    The login comes into being when the link is used, with the password. The answer is the same for an address that has
    a login; its mailbox is told.
    """
    patient = NewPatient(
        first_name=body.first_name,
        last_name=body.last_name,
        date_of_birth=body.date_of_birth,
        sex=body.sex,
        phone=body.phone,
        email=body.email,
        language=body.language or "",
    )
    credentials = Credentials(body.email, body.password, body.hospital_code)
    login_links.sign_up(call.door, patient, credentials, call.address)
    return Mailed(f"We have sent a message to {body.email}. Please open the link in it to go on.")


@routes.post("/auth/verify", public=True, errors=(Code.LINK_ENDED, Code.INVALID_CREDENTIALS, Code.RATE_LIMITED))
def verify(call: Call, body: Verification) -> SignedIn:
    """Verify the address with the link's token and the password chosen at registration, and sign in."""
    opened = login_links.verify(call.door, body.token, body.password, call.address, for_pages=False)
    return _signed_in(call, opened)


@routes.post("/auth/password/forgot", public=True, status=202, errors=(Code.RATE_LIMITED,))
def forgot_password(call: Call, body: ForgottenPassword) -> Mailed:
    """Mail a link to choose a new password. The answer is the same whether the address has a login or not."""
    login_links.forgotten(call.door, Forgotten(body.email, body.hospital_code), call.address)
    return Mailed(f"If {body.email} has a login here, we have sent a message to it.")


@routes.post("/auth/password/reset", public=True, errors=(Code.LINK_ENDED,))
def reset_password(call: Call, body: PasswordReset) -> None:
    """Choose a new password by a mailed link, once; all sessions of the login end."""
    login_links.reset(call.door, body.token, body.new_password)


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
