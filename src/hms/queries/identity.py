"""Who asks: the login behind a session, in one small statement; and who might be signing in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, String, bindparam, cast, func, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.people import Role
from hms.models import Doctor, Hospital, LoginSession, Patient, PatientGuardian, RefreshToken, User
from hms.models.engines import Source


@dataclass(frozen=True, slots=True)
class HospitalName:
    """What everybody who is signed in sees of their hospital."""

    id: UUID
    code: str
    name: str
    timezone: str
    locale: str

    @property
    def zone(self) -> ZoneInfo:
        """The hospital's IANA time zone."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Identity:
    """The login behind a session that is alive, and the actor it is.

    ``told_in``: the language in which they are told; that of their own patient record, if they have one.
    """

    actor: Actor
    session_id: UUID
    user_id: UUID
    role: Role
    email: str
    first_name: str
    last_name: str
    language: str
    told_in: str
    hospital: HospitalName

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A login that may be meant by an email address; its password is still to be compared."""

    user_id: UUID
    hospital_id: UUID
    hospital_code: str
    hospital_name: str
    role: Role
    password_hash: str

    @property
    def actor(self) -> Actor:
        """Who acts once the password matched."""
        return Actor(hospital_id=self.hospital_id, role=self.role, user_id=self.user_id)


def _alive_statement() -> Select[*tuple[Any, ...]]:
    # Columns of the tables, not of the classes: this runs at each request, and rows need no objects around them.
    tables = (LoginSession.__table__, User.__table__, Hospital.__table__, Doctor.__table__, Patient.__table__)
    session, user, hospital, doctor, patient = (table.c for table in tables)
    origin = (
        tables[0]
        .join(tables[1], user.id == session.user_id)
        .join(tables[2], hospital.id == user.hospital_id)
        .outerjoin(tables[3], doctor.user_id == user.id)
        .outerjoin(tables[4], patient.user_id == user.id)
    )
    return (
        select(session.id, user.id, user.role, user.email, user.first_name, user.last_name, user.language)
        .add_columns(hospital.id, hospital.code, hospital.name, hospital.timezone, hospital.locale)
        .add_columns(doctor.id, patient.id, patient.language, _dependants(user.id))
        .select_from(origin)
        .where(
            session.id == bindparam("session_id"),
            session.revoked_at.is_(None),
            session.expires_at > bindparam("machine_now", type_=session.expires_at.type),
            user.is_active,
        )
    )


def _dependants(user_id: ColumnElement[UUID]) -> ScalarSelect[str | None]:
    """Build the list of a login's dependants as one text, which both engines can put into one column."""
    guardian = PatientGuardian.__table__.c
    ids = func.aggregate_strings(cast(guardian.patient_id, String(36)), ",")
    return select(ids).where(guardian.user_id == user_id).scalar_subquery()


_ALIVE = _alive_statement()


def of_session(source: Source, session_id: UUID, machine_now: datetime) -> Identity | None:
    """Return who a session is, or None when it ended, expired, or its login was deactivated."""
    row = source.execute(_ALIVE, {"session_id": session_id, "machine_now": machine_now}).one_or_none()
    return None if row is None else _identity(row)


def candidates(session: Session, email: str, hospital_code: str | None) -> list[Candidate]:
    """Return the active logins with this address (in any case), of one hospital if its code is given."""
    statement = (
        select(User.id, Hospital.id, Hospital.code, Hospital.name, User.role, User.password_hash)
        .join(Hospital, Hospital.id == User.hospital_id)
        .where(User.email == email.strip().lower(), User.is_active)
        .order_by(Hospital.code)
    )
    if hospital_code:
        statement = statement.where(Hospital.code == hospital_code.strip().upper())
    return [Candidate(*row) for row in session.execute(statement)]


def password_hash(session: Session, actor: Actor) -> str:
    """Return the hash of the actor's own password, to compare outside of any transaction."""
    statement = select(User.password_hash).where(User.id == actor.user_id, User.hospital_id == actor.hospital_id)
    return session.scalars(statement).one()


def refreshing(session: Session, digest: str) -> Actor | None:
    """Return whose refresh token this is, used or not; None when nobody's."""
    from_token = (
        select(User.hospital_id, User.role, User.id, LoginSession.id)
        .join(LoginSession, LoginSession.user_id == User.id)
        .join(RefreshToken, RefreshToken.session_id == LoginSession.id)
        .where(RefreshToken.token_hash == digest)
    )
    row = session.execute(from_token).one_or_none()
    return None if row is None else Actor(row[0], row[1], user_id=row[2], session_id=row[3])


def _identity(row: Row[*tuple[Any, ...]]) -> Identity:
    session_id, user_id, role, email, first, last, language, *others = row
    hospital_id, code, name, zone, locale, doctor, patient, patient_language, dependants = others
    cared_for = frozenset(UUID(text) for text in dependants.split(",")) if dependants else frozenset[UUID]()
    return Identity(
        actor=Actor(hospital_id, role, user_id, patient, doctor, session_id, dependants=cared_for),
        session_id=session_id,
        user_id=user_id,
        role=role,
        email=email,
        first_name=first,
        last_name=last,
        language=language,
        told_in=patient_language or language,
        hospital=HospitalName(hospital_id, code, name, zone, locale),
    )
