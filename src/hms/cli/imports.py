"""`hms import`: take over what a clinic already has."""

import sys
from functools import partial
from pathlib import Path

import click
from click.termui import progressbar

from hms.access.actors import Actor
from hms.cli.opening import hospital_actor, opened
from hms.domain.errors import Code, DomainError
from hms.processes import figures, imports
from hms.processes.imports import ImportOptions, ImportReport
from hms.processes.imports_file import count_lines
from hms.runtime import Runtime


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--hospital", metavar="CODE", help="Into which hospital; needed only where there are several.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and which rows are bad; keep nothing.")
@click.option(
    "--create-doctors",
    is_flag=True,
    help="Create doctors whom the file names and nobody knows. Their slot length and weekly hours are taken from "
    "their rows; they sign in once an admin has set a password.",
)
@click.option(
    "--count-history",
    is_flag=True,
    help="Let the file's past no-shows count: patients at the threshold are blocked. Otherwise nobody is.",
)
def import_file(file: Path, hospital: str | None, *, dry_run: bool, create_doctors: bool, count_history: bool) -> None:
    """Take over patients and appointments, past and future, from a CSV file.

    Needed columns: patient_ref, first_name, last_name; with appointments also appointment_ref, doctor_email, date,
    start_time. Optional: date_of_birth, sex, phone, email, language, doctor_name, specialization, minutes, booked_at,
    outcome (attended, no_show, cancelled), type, reason. docs/import.md has every detail and an example.

    A bad row is reported with its line and stops nothing; the exit code is then 1. Importing a file again changes
    nothing. No message is sent. Past visits without an outcome go to the review list; future ones are booked like
    any other and must fit the calendar. At the end the figures of days that are over are counted.
    """
    options = ImportOptions(dry_run=dry_run, create_doctors=create_doctors, count_history=count_history)
    with opened() as runtime:
        actor = hospital_actor(runtime, hospital)
        with progressbar(length=count_lines(file), label="Importing", file=sys.stderr) as bar:
            report = imports.import_file(runtime, actor, file, options, progress=bar.update)
        tell(report, dry_run=dry_run)
        if report.past and not dry_run:
            keep_figures(runtime, actor)
    if report.bad:
        raise click.exceptions.Exit(1)


def keep_figures(runtime: Runtime, actor: Actor) -> None:
    """Count the figures of the days that are over, so that looking at years of them needs not wait for the night."""
    days: list[int] = []
    try:
        is_done = figures.keep(partial(runtime.transact, actor), heard=days.append)
    except DomainError as error:
        if error.code is not Code.BUSY:
            raise
        is_done = False
    rest = "" if is_done else "; the rest follows in the night"
    click.echo(f"Figures of {sum(days):,} days counted{rest}.", err=True)


def tell(report: ImportReport, *, dry_run: bool) -> None:
    """Print what came in, and on standard error which lines did not."""
    for refused in report.bad:
        click.echo(f"line {refused.line}: {refused.reason}", err=True)
    if report.unknown_columns:
        click.echo(f"Columns left alone: {', '.join(report.unknown_columns)}.", err=True)
    click.echo(f"{'Would import' if dry_run else 'Imported'} from {report.lines} rows:")
    for count, what in (
        (len(report.patients), "new patients"),
        (len(report.doctors), "new doctors"),
        (report.past, "past appointments"),
        (report.reviews, "of them without outcome, for the review list"),
        (report.booked, "future appointments booked"),
        (report.penalties, "no-shows counted"),
        (report.blocked, "patients blocked"),
        (report.known, "rows that were here already"),
        (len(report.bad), "bad rows"),
    ):
        if count:
            click.echo(f"  {count:>8,}  {what}")
