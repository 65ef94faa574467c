"""`hms check`: tell whether what is derived still follows from what it is derived from."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.cli.opening import hospital_actor, opened
from hms.models import Hospital
from hms.processes import drift
from hms.processes.drift import Checked
from hms.queries.drift import Drift


@click.command()
@click.option("--hospital", metavar="CODE", help="Only this one; otherwise all.")
def check(hospital: str | None) -> None:
    """Recompute every derived count, block, alert, day and figure, and tell where the stored ones differ.

    Nothing is changed, and HMS may be running. Each difference is one line that names the patient (or the doctor and
    the day) by identifier; the exit code is then 1. The nightly HOUSEKEEPING job, or `hms jobs run housekeeping`,
    derives counts and blocks anew.
    """
    total = 0
    with opened() as runtime:
        if hospital is not None:
            hospital_actor(runtime, hospital)  # an unknown code is told as everywhere
        for row in runtime.read(_hospitals, hospital):
            checked = Checked()
            for found in drift.check(runtime, row.id, checked):
                click.echo(f"{row.code}  {_line(found)}")
            total += checked.found
            result = "nothing differs" if not checked.found else f"{checked.found:,} differ"
            who = f"{_many(checked.patients, 'patient')} and the days of {_many(checked.doctors, 'doctor')}"
            click.echo(f"{row.code}: {who} compared: {result}.")
    if total:
        raise click.exceptions.Exit(1)


def _hospitals(session: Session, code: str | None) -> list[Hospital]:
    statement = select(Hospital).order_by(Hospital.code)
    return list(session.scalars(statement.where(Hospital.code == code.upper()) if code else statement))


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _line(found: Drift) -> str:
    if found.patient_id is not None:
        return f"patient {found.patient_id}: {found.what}"
    if found.doctor_id is None:
        return f"{found.day}: {found.what}"
    return f"doctor {found.doctor_id} on {found.day}: {found.what}"
