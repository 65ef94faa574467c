"""Notices of what the automation tells of itself."""

from hms.domain.events import JobFailing, JobRecovered
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of


@notices_of.register
def _(event: JobFailing) -> list[Notice]:
    return [
        Notice(
            cause=f"job_failing:{event.entity_id}",
            recipient=admin,
            type="JOB_FAILING",
            title=f"{event.job} is failing",
            message=f"{event.job} has failed {event.failures} times in a row. Last error: {event.error}. "
            "Open the automation page to see why and to run it again.",
            channels=IN_APP_AND_EMAIL,
            priority=Priority.HIGH,
        )
        for admin in event.admins
    ]


@notices_of.register
def _(event: JobRecovered) -> list[Notice]:
    return [
        Notice(
            cause=f"job_recovered:{event.entity_id}",
            recipient=admin,
            type="JOB_RECOVERED",
            title=f"{event.job} is well again",
            message=f"{event.job} completed after repeated failures.",
            channels=IN_APP_AND_EMAIL,
            priority=Priority.HIGH,
        )
        for admin in event.admins
    ]
