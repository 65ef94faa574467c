"""Write the files that patients asked for: take a task, read a little, write it down, and go on where it stands.

The task's row is the truth: whoever dies leaves a lease that ends by itself, and the next worker goes on behind the
last part. Reading happens outside of the writing transactions, so that a long history keeps nobody waiting.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import structlog

from hms.access.actors import Actor
from hms.domain.consultations import diagnosis_in_words
from hms.domain.errors import Code, DomainError
from hms.domain.exports import VisitLine, heading
from hms.domain.people import Role
from hms.queries import exports as queries
from hms.queries import histories
from hms.queries.exports import DueTask, FileRow
from hms.queries.histories import HistoryRow
from hms.runtime import Runtime
from hms.services import exports
from hms.services.exports import Claim, Claimed, GiveBack, WritePart

LINES_AT_ONCE = 200
TASKS_AT_ONCE = 20
CSV = "text/csv"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What one round did. ``lost``: tasks that another worker took over meanwhile."""

    done: int = 0
    failed: int = 0
    lost: int = 0


def write_due(
    runtime: Runtime, stop: Callable[[], bool] = lambda: False, *, lines_at_once: int = LINES_AT_ONCE
) -> ExportReport:
    """Write until no task is due, or ``stop`` says so. Raise only what the database raises while it looks for tasks."""
    counts = {"done": 0, "failed": 0, "lost": 0, "stopped": 0}
    while not stop():
        tasks = runtime.read(queries.due, runtime.clocks.machine.now(), TASKS_AT_ONCE)
        outcomes = [outcome for task in tasks if (outcome := _take(runtime, task, stop, lines_at_once))]
        for outcome in outcomes:
            counts[outcome] += 1
        if not outcomes:
            break
    return ExportReport(counts["done"], counts["failed"], counts["lost"])


def file_of(runtime: Runtime, file: FileRow) -> Iterator[bytes]:
    """Give a file part by part; one that is deleted meanwhile breaks off with an error, never as if it were whole."""
    for number in range(file.parts):
        content = runtime.read(queries.part, file.id, number)
        if content is None:
            raise DomainError(Code.TOO_LATE, "This file is not kept any more. Please ask for it again.")
        yield content


def _take(runtime: Runtime, task: DueTask, stop: Callable[[], bool], lines_at_once: int) -> str | None:
    """Write one task's file; return what became of it, or None when it was not to be had."""
    if stop():
        return None
    system = Actor.system(task.hospital_id)
    claimed = runtime.transact(system, exports.claim, Claim(task.id))
    if claimed is None:
        return None
    try:
        if _write(runtime, task.hospital_id, claimed, stop, lines_at_once):
            return "done"
        runtime.transact(system, exports.give_back, GiveBack(claimed.export_id, claimed.lease))
        return "stopped"
    except DomainError as error:
        if error.code is Code.RUN_LOST:
            return "lost"
        return _failed(runtime, task, claimed, error)
    except Exception as error:  # noqa: BLE001 -- one history that cannot be read must not keep the others
        return _failed(runtime, task, claimed, error)


def _failed(runtime: Runtime, task: DueTask, claimed: Claimed, error: Exception) -> str:
    log.error("history not exported", export_id=str(task.id), exc_info=error)
    command = GiveBack(claimed.export_id, claimed.lease, failed=True)
    runtime.transact(Actor.system(task.hospital_id), exports.give_back, command)
    return "failed"


def _write(runtime: Runtime, hospital_id: UUID, claimed: Claimed, stop: Callable[[], bool], most: int) -> bool:
    """Write from where it stands to the end; return False when ``stop`` said so before."""
    # As the patient reads it: what a doctor has not completed is not in it.
    reader = Actor(hospital_id, Role.PATIENT, patient_id=claimed.patient_id)
    after, is_first = claimed.after, claimed.after is None
    while not stop():
        rows = runtime.read(
            histories.of_patient, reader, claimed.patient_id, claimed.until, after=after, limit=most + 1
        )
        shown, is_last = rows[:most], len(rows) <= most
        after = (shown[-1].starts_at, shown[-1].appointment_id) if shown else after
        text = (heading() if is_first else "") + "".join(_line(row) for row in shown)
        part = WritePart(claimed.export_id, claimed.lease, text, len(shown), after, is_last)
        runtime.transact(Actor.system(hospital_id), exports.write_part, part)
        if is_last:
            return True
        is_first = False
    return False


def _line(row: HistoryRow) -> str:
    return VisitLine(
        date=row.date,
        start=row.start_time,
        doctor=f"Dr. {row.doctor.first_name} {row.doctor.last_name}",
        specialization=row.doctor.specialization,
        status=row.status.value,
        diagnosis=diagnosis_in_words(row.diagnosis or ()),
        treatment_notes=(row.treatment_notes or "").strip(),
    ).written()
