"""Notices of exported histories. The file itself, or the link to it, is put in at delivery."""

from hms.domain.events import Asker, HistoryExported, HistoryExportFailed
from hms.domain.messages import Notice
from hms.languages import Said, Voice
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of, voice_for


@notices_of.register
def _(event: HistoryExported, locale: str) -> list[Notice]:
    return [_ready(event, asker, voice_for(asker.contact, locale)) for asker in event.askers]


def _ready(event: HistoryExported, asker: Asker, say: Voice) -> Notice:
    return Notice(
        cause=f"history_export:{event.entity_id}",
        recipient=asker.contact,
        type="HISTORY_EXPORT",
        title=say("Your History Is Ready"),
        message=say(
            "{file} is ready: {visits}. {kept}",
            file=_file(say, event, asker),
            visits=say.many("{count} visit", "{count} visits", event.lines),
            kept=say.many(
                "You can download it in HMS for a day.", "You can download it in HMS for {count} days.", event.days
            ),
        ),
        language=say.language,
        channels=IN_APP_AND_EMAIL,
        metadata={"exportId": str(event.entity_id)},
        is_new=True,
    )


@notices_of.register
def _(event: HistoryExportFailed, locale: str) -> list[Notice]:
    return [_failed(event, asker, voice_for(asker.contact, locale)) for asker in event.askers]


def _failed(event: HistoryExportFailed, asker: Asker, say: Voice) -> Notice:
    return Notice(
        cause=f"history_export_failed:{event.entity_id}",
        recipient=asker.contact,
        type="HISTORY_EXPORT_FAILED",
        title=say("Your History Could Not Be Exported"),
        message=say(
            "{file} could not be written. Please ask for it again, or tell the clinic if it fails once more.",
            file=_file(say, event, asker),
        ),
        language=say.language,
        channels=IN_APP_AND_EMAIL,
        metadata={"exportId": str(event.entity_id)},
        is_new=True,
    )


def _file(say: Voice, event: HistoryExported | HistoryExportFailed, asker: Asker) -> Said:
    if asker.is_own:
        return say("The file with your visits that you asked for")
    return say("The file with {patient}'s visits that you asked for", patient=event.patient_name)
