"""Notices of what the automation tells of itself."""

from hms.domain.events import JobFailing, JobRecovered
from hms.domain.messages import Notice, Priority
from hms.domain.people import Contact
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of, voice_for


@notices_of.register
def _(event: JobFailing, locale: str) -> list[Notice]:
    return [_failing(event, admin, locale) for admin in event.admins]


@notices_of.register
def _(event: JobRecovered, locale: str) -> list[Notice]:
    return [_recovered(event, admin, locale) for admin in event.admins]


def _failing(event: JobFailing, admin: Contact, locale: str) -> Notice:
    say = voice_for(admin, locale)
    return Notice(
        cause=f"job_failing:{event.entity_id}",
        recipient=admin,
        type="JOB_FAILING",
        title=say("{job} is failing", job=event.job),
        message=say(
            "{job} has failed {failures} times in a row. Last error: {error}. Open the automation page to see why and "
            "to run it again.",
            job=event.job,
            failures=event.failures,
            error=event.error,
        ),
        language=say.language,
        channels=IN_APP_AND_EMAIL,
        priority=Priority.HIGH,
    )


def _recovered(event: JobRecovered, admin: Contact, locale: str) -> Notice:
    say = voice_for(admin, locale)
    return Notice(
        cause=f"job_recovered:{event.entity_id}",
        recipient=admin,
        type="JOB_RECOVERED",
        title=say("{job} is well again", job=event.job),
        message=say("{job} completed after repeated failures.", job=event.job),
        language=say.language,
        channels=IN_APP_AND_EMAIL,
        priority=Priority.HIGH,
    )
