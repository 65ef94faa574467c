"""The review list: what the sweep leaves to a human, and what the human decides."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from hms.access.permissions import Permission
from hms.access.scope import not_found
from hms.domain.appointments import OPEN, Status
from hms.domain.errors import Code, DomainError
from hms.domain.events import AppointmentMoved, Changed
from hms.domain.no_shows import NoShowReason, ReviewDecision, ReviewReason
from hms.models import Appointment, AppointmentReview, new_id
from hms.services import lifecycle, marking
from hms.services.marking import Mark
from hms.transaction import Work

LEFT_OPEN = {
    Status.CHECKED_IN: "This patient was checked in. Cancel the visit if they left without being seen, take back a "
    "mistaken check-in, or let the doctor start and complete the consultation.",
    Status.IN_PROGRESS: "This visit is with the doctor, who completes or abandons the consultation.",
}


@dataclass(frozen=True, slots=True)
class Decide:
    """A human's decision on an open review; ``version``: the appointment's, as the writer saw it."""

    appointment_id: UUID
    decision: ReviewDecision
    note: str | None = None
    version: int | None = None


def hold_back(work: Work, reasons: dict[UUID, ReviewReason]) -> None:
    """Put locked appointments on the review list: identifier → why a human must decide on it."""
    if not reasons:
        return
    work.session.execute(
        update(Appointment)
        .where(Appointment.id.in_(reasons))
        .values(under_review=True, version=Appointment.version + 1, updated_at=work.now)
        .execution_options(synchronize_session=False)
    )
    # A visit may come here twice (decided, undone, due again): its one row opens again.
    known = dict(
        work.session.execute(
            select(AppointmentReview.appointment_id, AppointmentReview.id).where(
                AppointmentReview.appointment_id.in_(reasons)
            )
        ).all()
    )
    blank: dict[str, Any] = {
        "opened_at": work.now,
        "decision": None,
        "decided_at": None,
        "decided_by": None,
        "note": None,
    }
    new = [
        {"id": new_id(), "hospital_id": work.actor.hospital_id, "appointment_id": row_id, "reason": reason, **blank}
        for row_id, reason in reasons.items()
        if row_id not in known
    ]
    again = [{"id": known[row_id], "reason": reason, **blank} for row_id, reason in reasons.items() if row_id in known]
    if new:
        work.session.execute(insert(AppointmentReview), new)
    if again:
        work.session.execute(update(AppointmentReview), again)
    work.emit(
        *(
            Changed(entity_id=row_id, noun="appointment", verb="review_opened", values={"reason": reason.value})
            for row_id, reason in reasons.items()
        )
    )


def settle(work: Work, appointment: Appointment) -> None:
    """Close the open review of a locked appointment that somebody marks by hand."""
    if appointment.under_review:
        _close(work, appointment, ReviewDecision.NO_SHOW, note=None)


def decide(work: Work, command: Decide) -> None:
    """Decide an open review: NO_SHOW marks it with all that follows, ATTENDED completes it, CLINIC_FAULT cancels it.

    Raise INVALID_TRANSITION for a visit left open, which ends as any other visit does; NOT_FOUND or STALE_VERSION.
    """
    work.require(Permission.DECIDE_REVIEWS)
    appointment, patient = lifecycle.locked_in_order(work, command.appointment_id)
    lifecycle.require_seen(work, appointment, command.version)
    if appointment.status in LEFT_OPEN:
        raise DomainError(Code.INVALID_TRANSITION, LEFT_OPEN[appointment.status])
    if not appointment.under_review or appointment.status not in OPEN:
        raise not_found("OpenReview")
    _close(work, appointment, command.decision, command.note)
    if command.decision is ReviewDecision.NO_SHOW:
        marking.mark_one(work, appointment, patient, Mark(NoShowReason.MANUAL_STAFF, notes=command.note))
        return
    before = appointment.status
    to = Status.COMPLETED if command.decision is ReviewDecision.ATTENDED else Status.CANCELLED
    lifecycle.move(work, appointment, to, reason=command.note or command.decision.value)
    if to is Status.CANCELLED:
        appointment.calendar_sequence += 1
    work.emit(AppointmentMoved(entity_id=appointment.id, before=before, after=to, reason=command.note))


def _close(work: Work, appointment: Appointment, decision: ReviewDecision, note: str | None) -> None:
    closed = work.session.execute(
        update(AppointmentReview)
        .where(AppointmentReview.appointment_id == appointment.id, AppointmentReview.decided_at.is_(None))
        .values(decision=decision, decided_at=work.now, decided_by=work.actor.user_id, note=note)
        .execution_options(synchronize_session=False)
    )
    if closed.rowcount != 1:  # type: ignore[attr-defined]
        raise DomainError(Code.CONFLICT, "Somebody else has decided this meanwhile. Reload to see what.")
