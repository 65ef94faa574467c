"""Notices of reports and summaries."""

from hms.domain.events import DaySummarised, MonthReported
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of


@notices_of.register
def _(event: MonthReported) -> list[Notice]:
    month, totals = f"{event.month:%B %Y}", event.totals
    return [
        Notice(
            cause=f"monthly_report:{event.entity_id}",
            recipient=event.doctor,
            type="MONTHLY_REPORT",
            title=f"Monthly Report: {month}",
            message=f"In {month}: {totals.appointments} appointments, {totals.completed} completed, "
            f"{totals.no_shows} no-shows, {totals.treatments} treatments.",
            channels=IN_APP_AND_EMAIL,
            priority=Priority.LOW,
            metadata={"reportId": str(event.entity_id)},
            is_new=True,
        )
    ]


@notices_of.register
def _(event: DaySummarised) -> list[Notice]:
    day = f"{event.day:%A} {event.day.day} {event.day:%B %Y}"
    return [
        Notice(
            cause=f"no_show_summary:{event.day.isoformat()}",
            recipient=admin,
            type="NO_SHOW_SUMMARY",
            title="No-Shows of the Day",
            message=f"{day}: {event.no_shows} of {event.appointments} appointments were missed.",
            channels=IN_APP_AND_EMAIL,
            priority=Priority.LOW,
            metadata={"day": event.day.isoformat()},
        )
        for admin in event.admins
    ]
