"""Notices of exported histories. The file itself, or the link to it, is put in at delivery."""

from hms.domain.events import HistoryExported, HistoryExportFailed
from hms.domain.messages import Notice
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of


@notices_of.register
def _(event: HistoryExported) -> list[Notice]:
    if event.asker is None:
        return []
    whose = "your visits" if event.is_own else f"{event.patient_name}'s visits"
    kept = "a day" if event.days == 1 else f"{event.days} days"
    return [
        Notice(
            cause=f"history_export:{event.entity_id}",
            recipient=event.asker,
            type="HISTORY_EXPORT",
            title="Your History Is Ready",
            message=f"The file with {whose} that you asked for is ready: {event.lines} "
            f"visit{'' if event.lines == 1 else 's'}. You can download it in HMS for {kept}.",
            channels=IN_APP_AND_EMAIL,
            metadata={"exportId": str(event.entity_id)},
            is_new=True,
        )
    ]


@notices_of.register
def _(event: HistoryExportFailed) -> list[Notice]:
    if event.asker is None:
        return []
    whose = "your visits" if event.is_own else f"{event.patient_name}'s visits"
    return [
        Notice(
            cause=f"history_export_failed:{event.entity_id}",
            recipient=event.asker,
            type="HISTORY_EXPORT_FAILED",
            title="Your History Could Not Be Exported",
            message=f"The file with {whose} that you asked for could not be written. Please ask for it again, or tell "
            "the clinic if it fails once more.",
            channels=IN_APP_AND_EMAIL,
            metadata={"exportId": str(event.entity_id)},
            is_new=True,
        )
    ]
