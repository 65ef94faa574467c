"""`hms user`: logins."""

import re

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.passwords import hash_password
from hms.access.scope import not_found
from hms.cli.opening import hospital_actor, opened
from hms.domain.people import Role
from hms.models import User
from hms.services import doctors, users
from hms.services.doctors import NewDoctor
from hms.services.users import NewUser, SetPassword

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ROLES = {
    "admin": Role.HOSPITAL_ADMIN,
    "reception": Role.RECEPTIONIST,
    "nurse": Role.NURSE,
    "doctor": Role.DOCTOR,
}
hospital_option = click.option(
    "--hospital", metavar="CODE", help="Which hospital; needed only where there are several."
)
password_option = click.option(
    "--password",
    envvar="HMS_USER_PASSWORD",
    help="Asked for when left out. On a shared machine better set HMS_USER_PASSWORD: others can read command lines.",
)


def checked_email(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return an address as logins keep it; refuse what is none."""
    if not _EMAIL.fullmatch(value.strip()):
        raise click.BadParameter(f"{value!r} is no email address.")
    return value.strip().lower()


@click.group()
def user() -> None:
    """Create logins and set passwords. Patients register themselves, or reception registers them."""


@user.command()
@click.argument("email", callback=checked_email)
@click.option("--role", type=click.Choice(list(ROLES)), required=True, help="What the login may do.")
@click.option("--name", prompt="Name", help="Such as 'Asha Rao'.")
@click.option("--specialization", default="General medicine", show_default=True, help="Of a doctor.")
@click.option(
    "--slot-minutes", type=click.IntRange(5, 480), default=30, show_default=True, help="How long a doctor's slots are."
)
@password_option
@hospital_option
def create(
    email: str,
    role: str,
    name: str,
    specialization: str,
    slot_minutes: int,
    password: str | None,
    hospital: str | None,
) -> None:
    """Create a login for EMAIL. A doctor also needs a weekly schedule before patients can book."""
    password_hash = hash_password(password or ask_password())
    first, last = parted(name)
    login = NewUser(email=email, role=ROLES[role], first_name=first, last_name=last, password_hash=password_hash)
    with opened() as runtime:
        actor = hospital_actor(runtime, hospital)
        if login.role is Role.DOCTOR:
            doctor = NewDoctor(login=login, specialization=specialization, slot_duration=slot_minutes)
            runtime.transact(actor, doctors.create, doctor)
        else:
            runtime.transact(actor, users.create, login)
    click.echo(f"{email.strip().lower()} can sign in.")


@user.command()
@click.argument("email")
@password_option
@hospital_option
def passwd(email: str, password: str | None, hospital: str | None) -> None:
    """Set a new password for EMAIL and end all sessions of that login."""
    password_hash = hash_password(password or ask_password())
    with opened() as runtime:
        actor = hospital_actor(runtime, hospital)
        login = runtime.read(_by_email, actor, email.strip().lower())
        runtime.transact(actor, users.set_password, SetPassword(user_id=login.id, password_hash=password_hash))
    click.echo(f"{email.strip().lower()} has a new password.")


def ask_password() -> str:
    """Ask twice for a password that is not shown."""
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt="The same password again")
    return answer


def parted(name: str) -> tuple[str, str]:
    """Part a full name into given and family name."""
    first, _, last = name.strip().rpartition(" ")
    return (first, last) if first else (last, "")


def _by_email(session: Session, actor: Actor, email: str) -> User:
    found = session.scalar(select(User).where(User.hospital_id == actor.hospital_id, User.email == email))
    if found is None:
        raise not_found("Login")
    return found
