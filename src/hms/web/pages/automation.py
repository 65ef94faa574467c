"""The automation as admins see it: does each job run, since when not and why; run it now, or see what it would do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request

from hms.access.permissions import Permission, require
from hms.domain.cron import Cron
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import REVIEW_WORDS
from hms.domain.policy import Policy
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.processes.schedule import is_wanted, schedule_of
from hms.queries import job_runs, operations
from hms.queries.operations import JobState
from hms.web.pages.desk import Toast, desk, page, reading, runtime
from hms.web.pages.formats import counted

HERE = "automation"
SHOWN = 25


@dataclass(frozen=True, slots=True)
class JobWords:
    """What a job is called, what it does, and what it counts: one, and many."""

    name: str
    told: str
    one: str
    many: str


WORDS: Mapping[JobName, JobWords] = {
    JobName.NO_SHOW_CHECK: JobWords(
        "No-show check",
        "Marks missed visits, and alerts staff when somebody waits too long.",
        "mark or alert",
        "marks and alerts",
    ),
    JobName.DAILY_REMINDERS: JobWords("Reminders", "Reminds patients of their visits.", "reminder", "reminders"),
    JobName.MONTHLY_REPORT: JobWords("Monthly reports", "Tells doctors of their month.", "report", "reports"),
    JobName.NO_SHOW_SUMMARY: JobWords(
        "No-shows of the day", "Tells admins who did not come today.", "no-show", "no-shows"
    ),
    JobName.SLOT_HORIZON: JobWords("Calendar", "Opens new days for booking.", "slot", "slots"),
    JobName.HOUSEKEEPING: JobWords(
        "Housekeeping", "Counts anew, and deletes what has had its time.", "deletion", "deletions"
    ),
}


@dataclass(frozen=True, slots=True)
class JobCard:
    """A job on the page. ``next_run`` is None when its schedule names no time in the year to come."""

    job: JobName
    words: JobWords
    state: JobState
    schedule: str
    next_run: datetime | None
    is_wanted: bool


def register(pages: Blueprint) -> None:
    """Add the automation's routes."""
    pages.get("/automation", endpoint="automation")(show)
    pages.post("/automation/<job>/run", endpoint="automation_run")(run)
    pages.get("/automation/rehearsal", endpoint="automation_rehearsal")(rehearsal)


def show() -> Response:
    """Show each job's health, its next run, and the newest runs of one."""
    return _page()


def run(job: str) -> Response:
    """Run a job and wait for its end."""
    try:
        name = JobName(job)
    except ValueError:
        return _page(Toast("There is no such job.", "bad"), status=404)
    actor = desk().actor
    outcome = run_job(runtime(), actor.hospital_id, name, RunSource.MANUAL, actor=actor)
    return _page(_toast(name, outcome), status=200 if outcome.is_well else 500)


def rehearsal() -> Response:
    """Show which visits the no-show check would handle now. Changes nothing."""
    actor = desk().actor
    outcome = run_job(runtime(), actor.hospital_id, JobName.NO_SHOW_CHECK, RunSource.MANUAL, actor=actor, dry_run=True)
    return page("automation/rehearsal.html", HERE, rows=outcome.rehearsed, why=REVIEW_WORDS)


def _page(*toasts: Toast, status: int = 200) -> Response:
    at = desk()
    require(at.actor, Permission.RUN_JOBS)
    asked = request.view_args or {}
    chosen = _chosen(str(asked.get("job") or request.args.get("job", "")))
    with reading() as session:
        states = operations.job_states(session, at.now, at.actor.hospital_id)
        runs = job_runs.recent_runs(session, at.actor.hospital_id, chosen, SHOWN)
    by_name = {state.job: state for state in states}
    cards = [_card(job, by_name[job], at.hospital.policy) for job in WORDS]
    return page(
        "automation/page.html", HERE, status=status, toasts=toasts, cards=cards, runs=runs, chosen=chosen, words=WORDS
    )


def _card(job: JobName, state: JobState, policy: Policy) -> JobCard:
    at = desk()
    schedule = schedule_of(policy, job)
    try:
        upcoming = Cron.parse(schedule).next(at.now, at.formats.zone)
    except ValueError:
        upcoming = None
    return JobCard(job, WORDS[job], state, schedule, upcoming, is_wanted(policy, job))


def _chosen(word: str) -> JobName:
    try:
        return JobName(word)
    except ValueError:
        return JobName.NO_SHOW_CHECK


def _toast(job: JobName, outcome: RunOutcome) -> Toast:
    name = WORDS[job].name
    if outcome.status is OutcomeStatus.ALREADY_PROCESSING:
        return Toast(f"{name}: another run is at it already. Nothing was started.", "note")
    if not outcome.is_well:
        return Toast(f"{name} failed: {outcome.error}", "bad")
    items = counted(outcome.items, WORDS[job].one, WORDS[job].many)
    return Toast(f"{name}: done, {items} in {outcome.duration_ms} ms.")
