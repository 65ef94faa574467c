"""`hms jobs`: what HMS does by itself."""

import click

from hms.cli.opening import hospital_actor, opened
from hms.domain.job_runs import JobName, RunSource
from hms.models import Hospital
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.queries.job_runs import Health, health

WHAT: dict[JobName, str] = {
    JobName.NO_SHOW_CHECK: "marks missed appointments",
    JobName.SLOT_HORIZON: "keeps the doctors' calendars full",
    JobName.HOUSEKEEPING: "removes what has expired",
}


@click.group()
def jobs() -> None:
    """List the automatic jobs, and run one now."""


@jobs.command("list")
@click.option("--hospital", metavar="CODE", help="Which hospital; needed only where there are several.")
def list_jobs(hospital: str | None) -> None:
    """List the jobs: schedule (hospital time), last run, health."""
    with opened() as runtime:
        actor = hospital_actor(runtime, hospital)
        with runtime.reading() as session:
            policy = session.get_one(Hospital, actor.hospital_id).policy
            now = runtime.clocks.hospital.now()
            found = [(job, health(session, actor.hospital_id, now, job)) for job in JobName]
            zone = session.get_one(Hospital, actor.hospital_id).zone
    for job, state in found:
        schedule = getattr(policy, f"{job.value.lower()}_schedule", "")
        last = state.last_run_time.astimezone(zone).strftime("%Y-%m-%d %H:%M") if state.last_run_time else "never"
        click.echo(f"{job.value:<16} {schedule:<16} last run {last:<17} {WHAT.get(job, ''):<36} {_word(state)}")


@jobs.command()
@click.argument("name", type=click.Choice([job.value for job in JobName], case_sensitive=False))
@click.option("--hospital", metavar="CODE", help="Which hospital; needed only where there are several.")
@click.option("--dry-run", is_flag=True, help="Say what NO_SHOW_CHECK would handle; change nothing.")
def run(name: str, hospital: str | None, *, dry_run: bool) -> None:
    """Run a job now. If it is running already, that run goes on and this one does nothing."""
    with opened() as runtime:
        actor = hospital_actor(runtime, hospital)
        outcome = run_job(runtime, actor.hospital_id, JobName(name.upper()), RunSource.MANUAL, dry_run=dry_run)
    tell(name.upper(), outcome)


def tell(name: str, outcome: RunOutcome) -> None:
    """Print how a run went; raise ClickException when it failed."""
    match outcome.status:
        case OutcomeStatus.COMPLETED:
            click.echo(f"{name} done: {outcome.items} items in {outcome.duration_ms} ms.")
        case OutcomeStatus.ALREADY_PROCESSING:
            click.echo(f"{name} is running already.")
        case OutcomeStatus.REHEARSED:
            for row in outcome.rehearsed:
                what = f"to the review list: {row.review}" if row.review else "missed"
                when = f"{row.day} {row.start:%H:%M}"
                click.echo(f"{when}  {row.patient_name} ({row.mrn}), Dr. {row.doctor_name}  {what}")
            click.echo(f"{name} would handle {outcome.items} appointments.")
        case _:
            raise click.ClickException(f"{name} failed: {outcome.error}")


def _word(state: Health) -> str:
    return "healthy" if state.is_healthy else state.health_message
