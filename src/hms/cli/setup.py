"""`hms init` and `hms migrate`: a database, a hospital, its first admin."""

import os
import sys
from uuid import UUID

import click

from hms import migrations
from hms.access.actors import Actor
from hms.access.passwords import hash_password
from hms.cli.opening import opened
from hms.cli.users import ask_password, checked_email, parted
from hms.domain.people import Role
from hms.domain.policy import Policy
from hms.models import new_id
from hms.services import hospitals, users
from hms.services.hospitals import NewHospital
from hms.services.users import NewUser
from hms.settings import Settings
from hms.transaction import Work

EVIDENCE_GATE = (
    "Missed visits are marked by themselves. Only where HMS saw that the desk was working at that time? (Otherwise "
    "reception decides.)"
)


@click.command()
@click.option("--code", prompt="Hospital code, such as HMS001", help="2 to 16 letters and digits, such as HMS001.")
@click.option("--name", prompt="Hospital name", help="The hospital's name, as patients read it.")
@click.option(
    "--timezone",
    prompt="Time zone, such as Asia/Kolkata",
    default=lambda: os.environ.get("TZ") or None,
    help="IANA name of the hospital's time zone, such as Asia/Kolkata.",
)
@click.option(
    "--admin-email",
    prompt="Email address of the first admin",
    callback=checked_email,
    help="The first admin signs in with it.",
)
@click.option("--admin-name", prompt="Name of the first admin", help="Such as 'Asha Rao'.")
@click.option(
    "--admin-password",
    envvar="HMS_ADMIN_PASSWORD",
    help="Asked for when left out. On a shared machine better set HMS_ADMIN_PASSWORD: others can read command lines.",
)
@click.option(
    "--evidence-gate/--no-evidence-gate",
    default=None,
    help="Mark missed visits by themselves only where HMS saw that the desk was working. Admins may change it later.",
)
def init(
    code: str,
    name: str,
    timezone: str,
    admin_email: str,
    admin_name: str,
    admin_password: str | None,
    *,
    evidence_gate: bool | None,
) -> None:
    """Create the database, a hospital and its first admin.

    Asks for whatever the options leave out. Run it again with another --code to add a hospital to the same database.
    """
    settings = prepared()
    password_hash = hash_password(admin_password or ask_password())
    first, last = parted(admin_name)
    policy = Policy(evidence_gate=_asked(EVIDENCE_GATE) if evidence_gate is None else evidence_gate)
    hospital = NewHospital(code=code, name=name, timezone=timezone, policy=policy)
    admin = NewUser(
        email=admin_email, role=Role.HOSPITAL_ADMIN, first_name=first, last_name=last, password_hash=password_hash
    )
    with opened(settings) as runtime:
        runtime.transact(Actor.system(new_id()), set_up, hospital, admin)
    click.echo(f"Hospital {code.strip().upper()} is ready. Start it with: hms up")


@click.command()
def migrate() -> None:
    """Create the database if there is none, and bring it to this release's schema.

    Safe to run again: an up-to-date database stays as it is.
    """
    prepared()
    click.echo("The database is at this release's schema.")


def prepared() -> Settings:
    """Read the settings and bring their database to this release's schema."""
    settings = Settings()
    settings.check()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.effective_database_url)
    return settings


def _asked(question: str) -> bool:
    """Ask a person; a script that says nothing gets the rules' own default, which is no."""
    return sys.stdin.isatty() and click.confirm(question, default=False)


def set_up(work: Work, hospital: NewHospital, admin: NewUser) -> UUID:
    """Create a hospital and its first admin in one transaction; return the hospital's id."""
    hospital_id = hospitals.create(work, hospital)
    users.create(work, admin)
    return hospital_id
