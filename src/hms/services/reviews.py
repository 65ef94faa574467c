"""The review list: what the sweep leaves to a human, and what the human decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from hms.access.permissions import Permission
from hms.access.scope import not_found
from hms.domain.appointments import OPEN, Status
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.events import AppointmentMoved, Changed
from hms.domain.no_shows import NoShowReason, ReviewDecision, ReviewReason
from hms.models import Appointment, AppointmentReview, Doctor, new_id
from hms.queries.standings import HeldPatient
from hms.services import lifecycle, marking, penalties
from hms.services.calendars import lock_doctors
from hms.services.marking import Mark
from hms.transaction import Work

MOST_AT_ONCE = 200
STATUS_AFTER: dict[ReviewDecision, Status] = {
    ReviewDecision.NO_SHOW: Status.NO_SHOW,
    ReviewDecision.ATTENDED: Status.COMPLETED,
    ReviewDecision.CLINIC_FAULT: Status.CANCELLED,
}
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


@dataclass(frozen=True, slots=True)
class DecideItem:
    """One of many; ``version``: the appointment's, as the writer saw it."""

    appointment_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True)
class DecideMany:
    """One decision on many open reviews."""

    items: tuple[DecideItem, ...]
    decision: ReviewDecision
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one of many: its state now, or why it could not be decided."""

    appointment_id: UUID
    status: Status | None
    code: Code | None = None
    message: str | None = None


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
    to = STATUS_AFTER[command.decision]
    lifecycle.move(work, appointment, to, reason=command.note or command.decision.value)
    if to is Status.CANCELLED:
        appointment.calendar_sequence += 1
    work.emit(AppointmentMoved(entity_id=appointment.id, before=before, after=to, reason=command.note))


def decide_many(work: Work, command: DecideMany) -> list[Decided]:
    """Decide many open reviews alike, in sets; return one result an item, in the order given.

    What can no longer be decided (decided, changed or gone meanwhile) is told in its result and stops nobody else.
    """
    work.require(Permission.DECIDE_REVIEWS)
    items = {item.appointment_id: item for item in command.items}
    if not 0 < len(command.items) == len(items) <= MOST_AT_ONCE:
        reason = f"must name 1 to {MOST_AT_ONCE} different visits"
        raise DomainError(Code.VALIDATION, f"The list {reason}.", [Detail("items", reason)])
    visits, patients = _locked_many(work, items)
    refused = {row_id: refusal for row_id, item in items.items() if (refusal := _refusal(visits.get(row_id), item))}
    chosen = [visits[row_id] for row_id in items if row_id not in refused]
    if chosen:
        _close_many(work, chosen, command)
        _carry_out(work, chosen, patients, command)
    outcome = STATUS_AFTER[command.decision]
    return [
        Decided(row_id, None if row_id in refused else outcome, *refused.get(row_id, (None, None))) for row_id in items
    ]


def _locked_many(
    work: Work, items: Mapping[UUID, DecideItem]
) -> tuple[dict[UUID, Appointment], Mapping[UUID, HeldPatient]]:
    a = Appointment
    found = work.session.execute(
        select(a.doctor_id, a.patient_id).where(a.hospital_id == work.actor.hospital_id, a.id.in_(items))
    ).all()
    lock_doctors(work, {row.doctor_id for row in found}, exclusive=False)
    patients = penalties.lock_patients(work, {row.patient_id for row in found})
    locked = work.session.scalars(
        select(a)
        .where(a.hospital_id == work.actor.hospital_id, a.id.in_(items))
        .options(joinedload(a.patient), joinedload(a.doctor).joinedload(Doctor.user))
        .order_by(a.id)
        .with_for_update(key_share=True, of=a)
        .execution_options(populate_existing=True)
    )
    return {visit.id: visit for visit in locked}, patients


def _refusal(visit: Appointment | None, item: DecideItem) -> tuple[Code, str] | None:
    if visit is None:
        return Code.NOT_FOUND, "There is no such visit."
    if visit.status in LEFT_OPEN:
        return Code.INVALID_TRANSITION, LEFT_OPEN[visit.status]
    if not visit.under_review or visit.status not in OPEN:
        return Code.NOT_FOUND, "There is no such open review. Somebody may have decided it meanwhile."
    if item.version is not None and item.version != visit.version:
        return Code.STALE_VERSION, "Somebody else changed this visit meanwhile. Look at it and decide again."
    return None


def _carry_out(
    work: Work, visits: Sequence[Appointment], patients: Mapping[UUID, HeldPatient], command: DecideMany
) -> None:
    """Bring locked open visits, whose reviews are closed, where the decision leads; in the order of their starts."""
    visits = sorted(visits, key=lambda visit: (visit.no_show_due_at, visit.id))
    reason = command.note or command.decision.value
    if command.decision is ReviewDecision.NO_SHOW:
        marking.mark_many(
            work,
            [marking.plain(visit) for visit in visits],
            patients,
            Mark(NoShowReason.MANUAL_STAFF, notes=command.note),
        )
    elif command.decision is ReviewDecision.CLINIC_FAULT:
        work.emit(*lifecycle.cancel_many(work, visits, reason))
    else:
        moved = []
        for visit in visits:
            before = visit.status
            lifecycle.move(work, visit, Status.COMPLETED, reason=reason)
            moved.append(
                AppointmentMoved(entity_id=visit.id, before=before, after=Status.COMPLETED, reason=command.note)
            )
        work.emit(*moved)


def _close_many(work: Work, visits: Sequence[Appointment], command: DecideMany) -> None:
    ids = [visit.id for visit in visits]
    closed = {
        "decision": command.decision,
        "decided_at": work.now,
        "decided_by": work.actor.user_id,
        "note": command.note,
    }
    work.session.execute(
        update(AppointmentReview)
        .where(AppointmentReview.appointment_id.in_(ids), AppointmentReview.decided_at.is_(None))
        .values(closed)
        .execution_options(synchronize_session=False)
    )
    work.session.execute(
        update(Appointment)
        .where(Appointment.id.in_(ids))
        .values(under_review=False)
        .execution_options(synchronize_session=False)
    )
    for visit in visits:
        set_committed_value(visit, "under_review", False)


def _close(work: Work, appointment: Appointment, decision: ReviewDecision, note: str | None) -> None:
    closed = work.session.execute(
        update(AppointmentReview)
        .where(AppointmentReview.appointment_id == appointment.id, AppointmentReview.decided_at.is_(None))
        .values(decision=decision, decided_at=work.now, decided_by=work.actor.user_id, note=note)
        .execution_options(synchronize_session=False)
    )
    if closed.rowcount != 1:  # type: ignore[attr-defined]
        raise DomainError(Code.CONFLICT, "Somebody else has decided this meanwhile. Reload to see what.")
