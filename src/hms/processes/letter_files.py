"""The files that mails carry: read when a mail is sent, so that nothing clinical waits in the queue."""

from datetime import datetime
from uuid import UUID

from hms.domain.errors import DomainError
from hms.domain.exports import MOST_ATTACHED
from hms.gateways.protocols import Attachment
from hms.processes import exports
from hms.queries import exports as queries
from hms.queries import hospitals
from hms.queries.deliveries import Delivery
from hms.runtime import Runtime


def files_of(runtime: Runtime, delivery: Delivery, now: datetime) -> tuple[Attachment, ...]:
    """Return the exported history that a mail tells of, if mails may carry such; the mail's link leads there anyway.

    None either once it is not kept any more, is too long, or is not the reader's to have any more.
    """
    if delivery.type != "HISTORY_EXPORT" or not (export_id := delivery.metadata.get("exportId")):
        return ()
    with runtime.reading() as session:
        if not hospitals.rules(session, delivery.hospital_id).policy.mail_clinical_content:
            return ()
        file = queries.to_mail(session, delivery.hospital_id, UUID(export_id), delivery.user_id, now)
    if file is None or file.size > MOST_ATTACHED:
        return ()
    try:
        content = b"".join(exports.file_of(runtime, file))
    except DomainError:
        return ()
    day = file.day.astimezone(delivery.zone).date()
    return (Attachment(f"history-{day}.csv", f"{exports.CSV}; charset=utf-8", content),)
