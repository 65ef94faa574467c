"""A patient's history as a file: ask for it, write it part by part, and let it go."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select, update

from hms.access.permissions import Permission
from hms.access.scope import find, not_found
from hms.domain.errors import Code, DomainError
from hms.domain.events import HistoryExported, HistoryExportFailed
from hms.domain.exports import LEASE, MAX_TRIES, MOST_A_DAY, UNDER_WAY, ExportStatus, parts_of, retry_delay
from hms.models import ExportAsker, ExportPart, HistoryExport, Patient, new_id
from hms.queries import exports
from hms.transaction import Work

Place = tuple[datetime, UUID]
"""The visit that was written last: its start and its identifier."""


@dataclass(frozen=True, slots=True)
class ExportHistory:
    """Whose history; None for one's own."""

    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Take a task that is due."""

    export_id: UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a worker needs: whose history, as of when, and behind which visit to go on. ``lease`` proves the claim."""

    export_id: UUID
    lease: UUID
    patient_id: UUID
    until: datetime
    after: Place | None


@dataclass(frozen=True, slots=True)
class WritePart:
    """The next lines of the file. ``after``: the last visit among them; ``is_last``: the file ends with them."""

    export_id: UUID
    lease: UUID
    text: str
    lines: int
    after: Place | None
    is_last: bool


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Let a claim go; ``failed``: a try was spent in vain."""

    export_id: UUID
    lease: UUID
    failed: bool = False


def ask(work: Work, command: ExportHistory) -> UUID:
    """Ask for the history of one's own, or of somebody one looks after, as a file; return the task.

    A task of that patient under way is given again, and tells all who asked for it. Raise NOT_FOUND for anybody else's,
    FORBIDDEN for staff, and RATE_LIMITED from the eleventh within a day on.
    """
    work.require(Permission.SEE_OWN_RECORD)
    patient_id = command.patient_id or work.actor.patient_id
    if patient_id is None or not work.actor.owns(patient_id) or work.actor.user_id is None:
        raise not_found("Patient")
    find(work.session, work.actor, Patient, patient_id, lock=True)
    e = HistoryExport
    # Locked, so that it does not end while somebody else asks for it too.
    running = select(e).where(e.patient_id == patient_id, e.status.in_(sorted(UNDER_WAY)))
    under_way = work.session.scalar(running.with_for_update(key_share=True))
    if under_way is not None:
        _join(work, under_way, work.actor.user_id)
        return under_way.id
    since = work.now - timedelta(days=1)
    asked = select(func.count()).where(e.patient_id == patient_id, e.asked_at > since)
    if (work.session.scalar(asked) or 0) >= MOST_A_DAY:
        told = f"This history was exported {MOST_A_DAY} times within a day. Take the last file, or try again tomorrow."
        raise DomainError(Code.RATE_LIMITED, told)
    row = e(
        hospital_id=work.actor.hospital_id,
        patient_id=patient_id,
        user_id=work.actor.user_id,
        asked_at=work.now,
        due_at=work.machine_now,
    )
    work.session.add(row)
    work.changed("history_export", "asked", row, patient_id=patient_id)
    work.pending_files += 1
    return row.id


def _join(work: Work, row: HistoryExport, user_id: UUID) -> None:
    if user_id != row.user_id and work.session.get(ExportAsker, (row.id, user_id)) is None:
        work.session.add(ExportAsker(export_id=row.id, user_id=user_id, hospital_id=row.hospital_id))
        work.changed("history_export", "asked", row, patient_id=row.patient_id)


def claim(work: Work, command: Claim) -> Claimed | None:
    """Take a task for as long as its lease lasts; None when it is not due any more, or was tried too often."""
    row = find(work.session, work.actor, HistoryExport, command.export_id, lock=True)
    if row.status not in UNDER_WAY or row.due_at > work.machine_now:
        return None
    if row.tries >= MAX_TRIES:
        _fail(work, row)
        return None
    if row.status is ExportStatus.PENDING and row.last_at is None:
        row.lines_total = exports.visits_of(work.session, row.hospital_id, row.patient_id, row.asked_at)
    row.status, row.lease = ExportStatus.RUNNING, new_id()
    row.tries, row.due_at = row.tries + 1, work.machine_now + LEASE
    after = (row.last_at, row.last_id) if row.last_at is not None and row.last_id is not None else None
    return Claimed(row.id, row.lease, row.patient_id, row.asked_at, after)


def write_part(work: Work, command: WritePart) -> None:
    """Add lines to the file and hold the task for another lease; RUN_LOST when another worker has it meanwhile.

    With the last lines the file is done, kept for as many days as the hospital says, and who asked is told.
    """
    row = _held(work, command.export_id, command.lease)
    for number, content in enumerate(parts_of(command.text), start=row.parts):
        work.session.add(ExportPart(export_id=row.id, number=number, hospital_id=row.hospital_id, content=content))
        row.parts, row.size = number + 1, row.size + len(content)
    row.lines_done += command.lines
    if command.after is not None:
        row.last_at, row.last_id = command.after
    row.tries, row.due_at = 1, work.machine_now + LEASE  # what moves is not hopeless
    if command.is_last:
        _finish(work, row)


def give_back(work: Work, command: GiveBack) -> None:
    """Let others go on with a task: at once, or after a pause when it failed; nothing when the claim was lost."""
    row = find(work.session, work.actor, HistoryExport, command.export_id, lock=True)
    if row.lease != command.lease or row.status is not ExportStatus.RUNNING:
        return
    row.lease = None
    if not command.failed:
        row.tries, row.due_at = row.tries - 1, work.machine_now
    elif row.tries >= MAX_TRIES:
        _fail(work, row)
    else:
        row.due_at = work.machine_now + retry_delay(row.tries)


def forget(work: Work) -> int:
    """Delete files whose time is over, and tasks as old as runs that are kept (hospital clock); return how many."""
    e, ours = HistoryExport, HistoryExport.hospital_id == work.actor.hospital_id
    over = select(e.id).where(ours, e.status == ExportStatus.DONE, e.expires_at <= work.now)
    _delete_parts(work, over)
    turned = update(e).where(e.id.in_(over)).values(status=ExportStatus.EXPIRED)
    count = _count(work, turned)
    kept = max(work.hospital.policy.run_retention_days, work.hospital.policy.export_keep_days)
    old = select(e.id).where(ours, e.asked_at <= work.now - timedelta(days=kept), e.status.not_in(sorted(UNDER_WAY)))
    _delete_parts(work, old)
    work.session.execute(delete(ExportAsker).where(ExportAsker.export_id.in_(old)))
    return count + _count(work, delete(e).where(e.id.in_(old)))


def _finish(work: Work, row: HistoryExport) -> None:
    days = work.hospital.policy.export_keep_days
    row.status, row.lease, row.completed_at = ExportStatus.DONE, None, work.now
    row.expires_at = work.now + timedelta(days=days)
    found = exports.asked_for(work.session, row)
    work.emit(
        HistoryExported(
            entity_id=row.id,
            askers=found.askers,
            patient_id=row.patient_id,
            patient_name=found.patient_name,
            lines=row.lines_done,
            days=days,
        )
    )


def _fail(work: Work, row: HistoryExport) -> None:
    row.status, row.lease, row.completed_at = ExportStatus.FAILED, None, work.now
    row.error = "The file could not be written. Please ask for it again, or tell the clinic if it fails once more."
    _delete_parts(work, [row.id])
    row.parts = row.size = 0
    found = exports.asked_for(work.session, row)
    work.emit(
        HistoryExportFailed(
            entity_id=row.id,
            askers=found.askers,
            patient_id=row.patient_id,
            patient_name=found.patient_name,
        )
    )


def _held(work: Work, export_id: UUID, lease: UUID) -> HistoryExport:
    row = find(work.session, work.actor, HistoryExport, export_id, lock=True)
    if row.lease != lease or row.status is not ExportStatus.RUNNING:
        raise DomainError(Code.RUN_LOST, "Another worker has taken this task over.")
    return row


def _delete_parts(work: Work, exports_: Any) -> None:
    work.session.execute(delete(ExportPart).where(ExportPart.export_id.in_(exports_)))


def _count(work: Work, statement: Any) -> int:
    quiet = statement.execution_options(synchronize_session=False)
    return cast(CursorResult[Any], work.session.execute(quiet)).rowcount
