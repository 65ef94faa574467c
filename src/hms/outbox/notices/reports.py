"""Notices of reports and summaries."""

from hms.domain.events import DaySummarised, MonthReported
from hms.domain.messages import Notice, Priority
from hms.domain.people import Contact
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of, voice_for


@notices_of.register
def _(event: MonthReported, locale: str) -> list[Notice]:
    say, totals = voice_for(event.doctor, locale), event.totals
    month = say.month(event.month)
    return [
        Notice(
            cause=f"monthly_report:{event.entity_id}",
            recipient=event.doctor,
            type="MONTHLY_REPORT",
            title=say("Monthly Report: {month}", month=month),
            message=say(
                "In {month}: {appointments} appointments, {completed} completed, {no_shows} no-shows, {treatments} "
                "treatments.",
                month=month,
                appointments=totals.appointments,
                completed=totals.completed,
                no_shows=totals.no_shows,
                treatments=totals.treatments,
            ),
            language=say.language,
            channels=IN_APP_AND_EMAIL,
            priority=Priority.LOW,
            metadata={"reportId": str(event.entity_id)},
            is_new=True,
        )
    ]


@notices_of.register
def _(event: DaySummarised, locale: str) -> list[Notice]:
    return [_summary(event, admin, locale) for admin in event.admins]


def _summary(event: DaySummarised, admin: Contact, locale: str) -> Notice:
    say = voice_for(admin, locale)
    return Notice(
        cause=f"no_show_summary:{event.day.isoformat()}",
        recipient=admin,
        type="NO_SHOW_SUMMARY",
        title=say("No-Shows of the Day"),
        message=say(
            "{day}: {no_shows} of {appointments} appointments were missed.",
            day=say.day(event.day),
            no_shows=event.no_shows,
            appointments=event.appointments,
        ),
        language=say.language,
        channels=IN_APP_AND_EMAIL,
        priority=Priority.LOW,
        metadata={"day": event.day.isoformat()},
    )
