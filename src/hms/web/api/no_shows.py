"""No-shows: mark, undo by a late arrival, logs, figures, the review list, penalties."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.no_shows import NoShowReason, ReviewDecision
from hms.queries import no_show_figures as figures
from hms.queries import no_shows as queries
from hms.queries import reviews as review_queries
from hms.queries.appointments import AppointmentRow, PatientBrief
from hms.queries.no_show_figures import Period, Stats
from hms.queries.no_shows import LogFilter, LogRow
from hms.queries.reviews import ReviewRow
from hms.services import no_shows, reviews
from hms.services.no_shows import LateArrival, MarkNoShow
from hms.services.reviews import Decide
from hms.transaction import Work
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.appointments import changed
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Limit, Note, Paging, Query, Version

routes = Routes("No-shows", "Missed visits: marked by the sweep or by hand, and what follows from it.")

PERIOD_DAYS = 30
LONGEST_PERIOD = 1100


class Mark(Body):
    """Why: PATIENT_CALLED, or MANUAL_STAFF and MANUAL_DOCTOR by who marks. ``version``: the appointment's."""

    reason: NoShowReason | None = None
    notes: Note | None = None
    version: Version | None = None


class Arrival(Body):
    """A patient who came after all. ``version``: the appointment's."""

    notes: Note | None = None
    version: Version | None = None


class Decision(Body):
    """NO_SHOW marks with all that follows, ATTENDED completes, CLINIC_FAULT cancels. ``version``: the appointment's."""

    decision: ReviewDecision
    note: Note | None = None
    version: Version | None = None


class LogSearch(Paging):
    """Marks triggered from ``from`` to ``to`` (hospital dates, both included)."""

    from_: Day | None = None
    to: Day | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    reason: NoShowReason | None = None


class StatsQuery(Query):
    """Visits from ``from`` to ``to`` (hospital dates, both included); by default the last 30 days."""

    from_: Day | None = None
    to: Day | None = None
    doctor_id: UUID | None = None


class ReviewQuery(Query):
    """How many at most."""

    limit: Limit = 200


class PenaltySearch(Paging):
    """Of one patient, or of all."""

    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NamedDoctor:
    """A doctor by name."""

    id: UUID
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class NoShowLog:
    """The mark of a visit as missed. ``createdBy`` is null for the sweep; ``slotTime`` is the hospital's."""

    id: UUID
    appointment_id: UUID
    reason: NoShowReason
    slot_time: time
    timeout_minutes: int
    triggered_at: datetime
    slot_released: bool
    slot_released_at: datetime | None
    notification_sent: bool
    justified: bool
    notes: str | None
    created_by: UUID | None
    patient: PatientBrief
    doctor: NamedDoctor


@dataclass(frozen=True, slots=True)
class AuditedNoShow(NoShowLog):
    """A mark, also one that was taken back (``voidedAt``)."""

    voided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Penalty:
    """What a missed visit cost. It counts while it is neither waived, justified nor voided."""

    id: UUID
    appointment_id: UUID
    patient_id: UUID
    email_sent: bool
    created_at: datetime
    waived_at: datetime | None
    justified_at: datetime | None
    voided_at: datetime | None
    counts: bool
    date: date
    start_time: time
    patient: PatientBrief
    no_show_count: int


@routes.post(
    "/no-show/<uuid:appointment_id>",
    needs=Permission.MARK_NO_SHOW,
    errors=(Code.INVALID_TRANSITION, Code.TOO_EARLY),
)
def mark(call: Call, appointment_id: UUID, body: Mark) -> NoShowLog:
    """Mark a visit as missed, from its start on.

    With PATIENT_CALLED from 24 hours before (the hospital's setting). The slot is freed while somebody could still
    book it. Doctors their own visits.
    """

    def act(work: Work) -> NoShowLog:
        no_shows.mark(work, MarkNoShow(appointment_id, body.reason, body.notes, body.version))
        work.session.flush()
        row = queries.log_of(work.session, work.actor, appointment_id)
        if row is None:
            raise AssertionError("a mark leaves its log")
        return _log(row)

    return call.transact(act)


@routes.post(
    "/no-show/<uuid:appointment_id>/late-arrival",
    needs=Permission.CHECK_IN,
    errors=(Code.INVALID_TRANSITION, Code.NOT_VISIT_DAY, Code.SLOT_TAKEN, Code.DUPLICATE_BOOKING),
)
def late_arrival(call: Call, appointment_id: UUID, body: Arrival) -> AppointmentRow:
    """Check in, on the same day, a patient who was marked as missed, while nobody else holds the slot.

    The penalty is voided, and the patient's count follows.
    """
    command = LateArrival(appointment_id, body.notes, body.version)
    return changed(call, appointment_id, lambda work: no_shows.late_arrival(work, command))


@routes.get("/no-show/logs", needs=Permission.SEE_NO_SHOW_LOGS)
def logs(call: Call, query: LogSearch) -> Page[NoShowLog]:
    """List marks that stand, newest first. Doctors their own."""
    rows = _logs(call, query, with_voided=False)
    return Page([_log(row) for row in rows.rows], rows.next_cursor, rows.limit)


@routes.get("/no-show/stats", needs=Permission.SEE_NO_SHOW_STATS)
def stats(call: Call, query: StatsQuery) -> Stats:
    """Count a period's visits, missed ones among them. Doctors their own."""
    last = query.to or call.today
    first = query.from_ or last - timedelta(days=PERIOD_DAYS - 1)
    if not 0 <= (last - first).days <= LONGEST_PERIOD:
        reason = f"must be from 0 to {LONGEST_PERIOD} days after from"
        raise DomainError(Code.VALIDATION, f"The last day {reason}.", [Detail("to", reason)])
    return call.read(figures.stats, call.actor, Period(first, last, query.doctor_id))


@routes.get("/no-show/reviews", needs=Permission.DECIDE_REVIEWS)
def waiting(call: Call, query: ReviewQuery) -> Page[ReviewRow]:
    """List visits that wait for a human decision, oldest first, and those left open at the end of their day."""
    return Page(call.read(review_queries.waiting, call.actor, call.today, query.limit), None, query.limit)


@routes.post(
    "/no-show/reviews/<uuid:appointment_id>", needs=Permission.DECIDE_REVIEWS, errors=(Code.INVALID_TRANSITION,)
)
def decide(call: Call, appointment_id: UUID, body: Decision) -> AppointmentRow:
    """Decide an open review; nobody is penalised without a decision."""
    command = Decide(appointment_id, body.decision, body.note, body.version)
    return changed(call, appointment_id, lambda work: reviews.decide(work, command))


@routes.get("/admin/no-shows", needs=Permission.FORGIVE)
def audited(call: Call, query: LogSearch) -> Page[AuditedNoShow]:
    """List all marks, newest first, also those that were taken back."""
    rows = _logs(call, query, with_voided=True)
    marks = [AuditedNoShow(**_values(row), voided_at=row.voided_at) for row in rows.rows]
    return Page(marks, rows.next_cursor, rows.limit)


@routes.get("/admin/penalties/no-shows", needs=Permission.FORGIVE)
def penalties(call: Call, query: PenaltySearch) -> Page[Penalty]:
    """List penalties, newest first."""
    after = read_cursor(query.cursor, position)
    rows = call.read(figures.penalties, call.actor, query.patient_id, after=after, limit=query.limit + 1)
    page = page_of(rows, query.limit, lambda row: place(row.created_at, row.id))
    return Page([_penalty(row) for row in page.rows], page.next_cursor, page.limit)


def _logs(call: Call, query: LogSearch, *, with_voided: bool) -> Page[LogRow]:
    zone = call.identity.hospital.zone
    wanted = LogFilter(
        since=_midnight(query.from_, zone),
        until=_midnight(query.to + timedelta(days=1), zone) if query.to else None,
        doctor_id=query.doctor_id,
        patient_id=query.patient_id,
        reason=query.reason,
        with_voided=with_voided,
    )
    after = read_cursor(query.cursor, position)
    rows = call.read(queries.logs, call.actor, wanted, after, query.limit + 1)
    return page_of(rows, query.limit, lambda row: place(row.triggered_at, row.id))


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone)


def _log(row: LogRow) -> NoShowLog:
    return NoShowLog(**_values(row))


def _values(row: LogRow) -> dict[str, Any]:
    same = (f.name for f in fields(NoShowLog) if f.name not in {"patient", "doctor"})
    return {name: getattr(row, name) for name in same} | {
        "patient": PatientBrief(row.patient_id, row.mrn, row.patient_first_name, row.patient_last_name),
        "doctor": NamedDoctor(row.doctor_id, row.doctor_first_name, row.doctor_last_name),
    }


def _penalty(row: figures.PenaltyRow) -> Penalty:
    return Penalty(
        id=row.id,
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        email_sent=row.email_sent,
        created_at=row.created_at,
        waived_at=row.waived_at,
        justified_at=row.justified_at,
        voided_at=row.voided_at,
        counts=row.counts,
        date=row.date,
        start_time=row.start_time,
        patient=PatientBrief(row.patient_id, row.mrn, row.first_name, row.last_name),
        no_show_count=row.no_show_count,
    )
