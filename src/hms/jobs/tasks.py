"""The tasks: one line each, ids only. What they do lives in processes; doing it twice changes nothing."""

from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from celery import Celery, signals
from celery.worker import state

from hms.domain.job_runs import JobName, RunSource
from hms.domain.messages import Channel
from hms.processes.delivery import Relay
from hms.processes.exports import write_due
from hms.processes.heartbeats import Heart
from hms.processes.jobs import run_job
from hms.processes.schedule import due_jobs
from hms.queries.job_runs import hospital_ids
from hms.runtime import Runtime

RUN, TICK, STARTUP = "jobs.run", "jobs.tick", "jobs.startup"
SEND_EMAIL, SEND_SMS = "messages.send_email", "messages.send_sms"
WRITE_EXPORTS = "exports.write"


def register(app: Celery, runtime: Runtime) -> None:
    """Give the app its tasks."""
    emails = Relay(runtime, Channel.EMAIL, is_stopping)
    texts = Relay(runtime, Channel.SMS, is_stopping)
    heart = Heart(runtime)
    # Not shared: Celery would hand these to every other app of this process, bound to this runtime.
    task = partial(app.task, shared=False)

    @task(name=RUN)
    def run_job_task(hospital_id: str, job: str, source: str, scheduled_for: str | None = None) -> None:
        """Run one job of one hospital."""
        due = datetime.fromisoformat(scheduled_for) if scheduled_for else None
        run_job(runtime, UUID(hospital_id), JobName(job), RunSource(source), due)

    @task(name=TICK)
    def tick_task() -> None:
        """Leave a trace of being at work, and start every job that is due."""
        heart.beat()
        for tick in due_jobs(runtime):
            args = (str(tick.hospital_id), tick.job.value, RunSource.CRON.value, tick.scheduled_for.isoformat())
            run_job_task.delay(*args)

    @task(name=STARTUP)
    def startup_task() -> None:
        """Sweep every hospital once after a start, whatever the hour."""
        for hospital_id in runtime.read(hospital_ids):
            run_job_task.delay(str(hospital_id), JobName.NO_SHOW_CHECK.value, RunSource.STARTUP.value)

    @task(name=SEND_EMAIL)
    def send_email_task() -> None:
        """Deliver the mails that wait."""
        emails.run()

    @task(name=SEND_SMS)
    def send_sms_task() -> None:
        """Deliver the text messages that wait."""
        texts.run()

    @task(name=WRITE_EXPORTS)
    def write_exports_task() -> None:
        """Write the histories that patients asked for as files."""
        write_due(runtime, is_stopping)


def is_stopping() -> bool:
    """Tell whether this process's worker has been asked to stop."""
    return state.should_stop not in (None, False)


@signals.task_prerun.connect
def _bind(task_id: str, task: object, **_: object) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=getattr(task, "name", ""), task_id=task_id)


@signals.task_postrun.connect
def _unbind(**_: object) -> None:
    structlog.contextvars.clear_contextvars()
