"""What admins do about marks and penalties: forgive, excuse, undo, correct, and the opposite of each.

Every verb needs a note, is audited and told to the patient; repeating it changes nothing and tells nobody again.
Counts and blocks follow from the penalties (`hms.services.penalties`), whatever the order.
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import select

from hms.access.permissions import Permission
from hms.access.scope import find, not_found
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.events import MarkChanged, PatientUnblocked
from hms.domain.no_shows import Correction, MarkAction, require_note
from hms.models import Appointment, NoShowLog, NoShowPenalty, Patient
from hms.queries import no_show_figures, no_shows
from hms.services import lifecycle, marking, penalties, slots
from hms.services.penalties import Turn
from hms.transaction import Work, require_version

STATUS_OF: dict[Correction, Status] = {
    Correction.ATTENDED: Status.COMPLETED,
    Correction.CLINIC_FAULT: Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Forgive:
    """A penalty to waive or reinstate, and why; ``version``: the penalty's, as the writer saw it."""

    penalty_id: UUID
    note: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Excuse:
    """A mark to justify, unjustify or undo, and why; ``version``: the mark's, as the writer saw it."""

    log_id: UUID
    note: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """A mark that should have been something else; ``version``: the mark's, as the writer saw it."""

    log_id: UUID
    to: Correction
    note: str
    version: int | None = None


@dataclass(slots=True)
class _Marked:
    """A locked mark with all that hangs on it; an imported one may have no penalty."""

    appointment: Appointment
    patient: Patient
    log: NoShowLog
    penalty: NoShowPenalty | None
    turns: list[Turn] = field(default_factory=list)


def waive(work: Work, command: Forgive) -> None:
    """Let a penalty count no more; CONFLICT for one whose mark was taken back."""
    _forgive(work, command, MarkAction.WAIVED)


def reinstate(work: Work, command: Forgive) -> None:
    """Take a waiver back: the penalty counts again, unless it is justified as well."""
    _forgive(work, command, MarkAction.REINSTATED)


def justify(work: Work, command: Excuse) -> None:
    """Find a no-show excusable: its penalty, if it has one, counts no more; CONFLICT for a mark that was taken back."""
    _excuse(work, command, MarkAction.JUSTIFIED)


def unjustify(work: Work, command: Excuse) -> None:
    """Take a justification back: the penalty counts again, unless it is waived as well."""
    _excuse(work, command, MarkAction.UNJUSTIFIED)


def undo(work: Work, command: Excuse) -> None:
    """Put a mistaken mark back to SCHEDULED while the visit is not due; TOO_LATE afterwards.

    SLOT_TAKEN when somebody else holds that time, SLOT_BLOCKED when it was blocked meanwhile.
    """
    note, marked = _begin(work, command.log_id, command.note)
    if marked.appointment.status is Status.SCHEDULED and marked.log.voided_at is not None:
        return
    _require_seen(work, marked, command.version)
    _require_marked(marked.appointment)
    if work.now >= marked.appointment.no_show_due_at:
        raise DomainError(
            Code.TOO_LATE,
            "The visit's time is over, so the mark cannot simply be undone. Check the patient in as a late arrival, "
            "correct the mark, or forgive it.",
        )
    marked.turns = marking.take_back(work, marked.appointment, marked.patient, Status.SCHEDULED, note)
    _tell(work, marked, MarkAction.UNDONE, note)


def correct(work: Work, command: Correct) -> None:
    """Turn a mark into what it should have been: ATTENDED completes the visit, CLINIC_FAULT cancels it.

    TOO_EARLY for ATTENDED before the visit's start.
    """
    note, marked = _begin(work, command.log_id, command.note)
    appointment, to = marked.appointment, STATUS_OF[command.to]
    if appointment.status is to and marked.log.voided_at is not None:
        return
    _require_seen(work, marked, command.version)
    _require_marked(appointment)
    if command.to is Correction.ATTENDED and work.now < appointment.starts_at:
        raise DomainError(
            Code.TOO_EARLY, "The visit has not begun, so nobody can have attended it. Undo the mark instead."
        )
    marked.turns = marking.take_back(work, appointment, marked.patient, to, note)
    if to is Status.CANCELLED:
        appointment.calendar_sequence += 1
        slots.freed(work, appointment)
    _tell(work, marked, MarkAction.CORRECTED, note, to=command.to)


def _forgive(work: Work, command: Forgive, action: MarkAction) -> None:
    work.require(Permission.FORGIVE)
    seen = find(work.session, work.actor, NoShowPenalty, command.penalty_id)
    note, marked = _begin(work, _log_of(work, seen.appointment_id), command.note)
    penalty = marked.penalty
    if penalty is None:
        raise not_found("Penalty")
    if (penalty.waived_at is not None) == (action is MarkAction.WAIVED):
        return
    row = no_show_figures.penalty(work.session, work.actor, penalty.id)
    require_version(penalty, command.version, row)
    _require_standing(marked.log)
    penalty.waived_at = work.now if action is MarkAction.WAIVED else None
    penalty.version += 1
    _recount(work, marked)
    _tell(work, marked, action, note)


def _excuse(work: Work, command: Excuse, action: MarkAction) -> None:
    note, marked = _begin(work, command.log_id, command.note)
    log, penalty, justified = marked.log, marked.penalty, action is MarkAction.JUSTIFIED
    if log.justified == justified:
        return
    _require_seen(work, marked, command.version)
    _require_standing(log)
    log.justified = justified
    log.version += 1
    if penalty is not None:
        penalty.justified_at = work.now if justified else None
        penalty.version += 1
    _recount(work, marked)
    _tell(work, marked, action, note)


def _begin(work: Work, log_id: UUID, note: str) -> tuple[str, _Marked]:
    """Check who asks and why, then lock a mark in the house's order: doctor, patient, appointment, the rest."""
    work.require(Permission.FORGIVE)
    words = require_note(note)
    seen = find(work.session, work.actor, NoShowLog, log_id)
    appointment, patient = lifecycle.locked_in_order(work, seen.appointment_id)
    log = find(work.session, work.actor, NoShowLog, log_id, lock=True)
    penalty = work.session.scalar(
        select(NoShowPenalty)
        .where(NoShowPenalty.appointment_id == appointment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return words, _Marked(appointment, patient, log, penalty)


def _log_of(work: Work, appointment_id: UUID) -> UUID:
    log_id = work.session.scalar(select(NoShowLog.id).where(NoShowLog.appointment_id == appointment_id))
    if log_id is None:
        raise not_found("NoShow")
    return log_id


def _recount(work: Work, marked: _Marked) -> None:
    marked.turns = penalties.recount(work, {marked.patient.id: marked.patient})


def _tell(work: Work, marked: _Marked, action: MarkAction, note: str, *, to: Correction | None = None) -> None:
    """Emit what happened; whoever may book again is told so along with the reason."""
    penalty, log = marked.penalty, marked.log
    on_penalty = action in {MarkAction.WAIVED, MarkAction.REINSTATED} and penalty is not None
    row = penalty if on_penalty and penalty is not None else log
    unblocks = any(isinstance(turn, PatientUnblocked) for turn in marked.turns)
    counts = (
        penalty is not None and penalty.waived_at is None and penalty.justified_at is None and penalty.voided_at is None
    )
    changed = MarkChanged(
        entity_id=row.id,
        verb=action,
        visit=lifecycle.visit_of(marked.appointment),
        note=note,
        version=row.version,
        count=marked.patient.no_show_count,
        counts=counts,
        unblocks=unblocks,
        to=to,
    )
    quiet = [replace(turn, is_told=False) if isinstance(turn, PatientUnblocked) else turn for turn in marked.turns]
    work.emit(changed, *quiet)


def _require_seen(work: Work, marked: _Marked, version: int | None) -> None:
    if version is not None and version != marked.log.version:
        current = no_shows.log_of(work.session, work.actor, marked.appointment.id)
        require_version(marked.log, version, current)


def _require_standing(log: NoShowLog) -> None:
    if log.voided_at is not None:
        raise DomainError(
            Code.CONFLICT, "This mark was taken back, so it does not count anyway. Reload to see its present state."
        )


def _require_marked(appointment: Appointment) -> None:
    if appointment.status is not Status.NO_SHOW:
        raise DomainError(
            Code.INVALID_TRANSITION, "This appointment is not marked as missed. Reload to see its present state."
        )
