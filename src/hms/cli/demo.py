"""`hms demo`: the made-up hospital."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from hms.cli.opening import opened
from hms.cli.setup import prepared
from hms.processes import demo as demo_process
from hms.processes.demo.roster import ZONE


@click.group()
def demo() -> None:
    """Load a made-up hospital to look around in."""


@demo.command()
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same people and visits.")
@click.option(
    "--now",
    metavar="WHEN",
    help="The moment the demo stands at, such as 2026-01-22T08:55 (hospital time unless it carries an offset). "
    "Default: the present.",
)
def load(seed: int, now: str | None) -> None:
    """Load the demo hospital HMS001: 12 doctors, about 1,500 patients, two months of history, a busy day ahead.

    The database is created or brought to this release's schema first. The accounts' password is HMS_DEMO_PASSWORD.
    """
    with opened(prepared()) as runtime:
        accounts = demo_process.load(runtime, seed=seed, now=parse_when(now) if now else None)
    click.echo(
        f"The demo hospital {accounts.hospital_code} is loaded. Sign in with the password {accounts.password} as"
    )
    for email in accounts.emails.values():
        click.echo(f"  {email}")


def parse_when(text: str) -> datetime:
    """Read an instant; without offset it is the demo hospital's wall time."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time such as 2026-01-22T08:55.", param_hint="--now") from None
    return when if when.tzinfo else when.replace(tzinfo=ZoneInfo(ZONE))
