"""What admins do about marks, penalties and blocks, and the lists they do it from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeVar
from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.no_shows import Correction, NoShowReason
from hms.domain.people import PatientStatus
from hms.queries import no_show_figures as figures
from hms.queries import no_show_records, patients
from hms.queries import no_shows as queries
from hms.queries.appointments import PatientBrief
from hms.queries.no_show_figures import PenaltyFilter, PenaltyRow
from hms.queries.no_show_records import MarkStep
from hms.queries.no_shows import LogRow
from hms.queries.patients import PatientRow
from hms.services import blocks, forgiveness
from hms.services.blocks import Block
from hms.services.forgiveness import Correct, Excuse, Forgive
from hms.transaction import Work
from hms.web.api import no_shows
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.no_shows import LogSearch, NamedDoctor, NoShowLog
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Note, Paging, Version

routes = Routes(
    "Forgiveness", "Waive, justify, undo or correct what was marked; block and unblock. Each has its opposite."
)

Command = TypeVar("Command", Excuse, Correct)
TAKE_BACK = (Code.INVALID_TRANSITION, Code.SLOT_TAKEN, Code.SLOT_BLOCKED, Code.DUPLICATE_BOOKING)


class Noted(Body):
    """Why. ``version``: that of the row in the path."""

    note: Note
    version: Version | None = None


class CorrectionNoted(Body):
    """What the mark should have been, and why. ``version``: the mark's."""

    to: Correction
    note: Note
    version: Version | None = None


class PenaltySearch(Paging):
    """Penalties struck from ``from`` to ``to`` (hospital dates, both included). ``counting``: that count, or not."""

    from_: Day | None = None
    to: Day | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    counting: bool | None = None


@dataclass(frozen=True, slots=True)
class AuditedNoShow(NoShowLog):
    """A mark, also one that was taken back (``voidedAt``). ``date``: the visit's."""

    voided_at: datetime | None
    date: date
    version: int


@dataclass(frozen=True, slots=True)
class Penalty:
    """What a missed visit cost. It counts while it is neither waived, justified nor voided."""

    id: UUID
    appointment_id: UUID
    log_id: UUID
    patient_id: UUID
    reason: NoShowReason
    email_sent: bool
    created_at: datetime
    waived_at: datetime | None
    justified_at: datetime | None
    voided_at: datetime | None
    counts: bool
    date: date
    start_time: time
    patient: PatientBrief
    doctor: NamedDoctor
    no_show_count: int
    patient_status: PatientStatus
    version: int


@routes.get("/admin/no-shows", needs=Permission.FORGIVE)
def audited(call: Call, query: LogSearch) -> Page[AuditedNoShow]:
    """List all marks, newest first, also those that were taken back."""
    wanted = no_shows.log_filter(call, query, with_voided=True)
    after = read_cursor(query.cursor, position)
    rows = call.read(queries.logs, call.actor, wanted, after, query.limit + 1)
    page = page_of(rows, query.limit, lambda row: place(row.triggered_at, row.id))
    return Page([_mark(row) for row in page.rows], page.next_cursor, page.limit)


@routes.get("/admin/no-shows/<uuid:log_id>/steps", needs=Permission.SEE_AUDIT)
def steps(call: Call, log_id: UUID) -> list[MarkStep]:
    """Tell what was done about a mark and its penalty, by whom and why, oldest first."""
    return call.read(no_show_records.steps, call.actor, log_id)


@routes.get("/admin/penalties/no-shows", needs=Permission.FORGIVE)
def penalties(call: Call, query: PenaltySearch) -> Page[Penalty]:
    """List penalties, newest first."""
    since, until = no_shows.instants(query.from_, query.to, call.identity.hospital.zone)
    wanted = PenaltyFilter(since, until, query.patient_id, query.doctor_id, query.counting)
    after = read_cursor(query.cursor, position)
    rows = call.read(figures.penalties, call.actor, wanted, after=after, limit=query.limit + 1)
    page = page_of(rows, query.limit, lambda row: place(row.created_at, row.id))
    return Page([_penalty(row) for row in page.rows], page.next_cursor, page.limit)


@routes.post("/admin/penalties/<uuid:penalty_id>/waive", needs=Permission.FORGIVE)
def waive(call: Call, penalty_id: UUID, body: Noted) -> Penalty:
    """Let a penalty count no more; below the threshold, the block that the count had set is lifted.

    The patient is told. Waiving it again changes nothing. `reinstate` is the opposite.
    """
    return _forgiven(call, forgiveness.waive, Forgive(penalty_id, body.note, body.version))


@routes.post("/admin/penalties/<uuid:penalty_id>/reinstate", needs=Permission.FORGIVE)
def reinstate(call: Call, penalty_id: UUID, body: Noted) -> Penalty:
    """Let a waived penalty count again, with the block that follows from it."""
    return _forgiven(call, forgiveness.reinstate, Forgive(penalty_id, body.note, body.version))


@routes.post("/admin/no-shows/<uuid:log_id>/justify", needs=Permission.FORGIVE)
def justify(call: Call, log_id: UUID, body: Noted) -> AuditedNoShow:
    """Find a no-show excusable: it stays on record, and counts no more. `unjustify` is the opposite."""
    return _changed(call, log_id, forgiveness.justify, Excuse(log_id, body.note, body.version))


@routes.post("/admin/no-shows/<uuid:log_id>/unjustify", needs=Permission.FORGIVE)
def unjustify(call: Call, log_id: UUID, body: Noted) -> AuditedNoShow:
    """Let a justified no-show count again, unless it is waived as well."""
    return _changed(call, log_id, forgiveness.unjustify, Excuse(log_id, body.note, body.version))


@routes.post("/admin/no-shows/<uuid:log_id>/undo", needs=Permission.FORGIVE, errors=(Code.TOO_LATE, *TAKE_BACK))
def undo(call: Call, log_id: UUID, body: Noted) -> AuditedNoShow:
    """Take a mistaken mark back while the visit is not over: it is SCHEDULED again, in its old slot."""
    return _changed(call, log_id, forgiveness.undo, Excuse(log_id, body.note, body.version))


@routes.post(
    "/admin/no-shows/<uuid:log_id>/correct",
    needs=Permission.FORGIVE,
    errors=(Code.TOO_EARLY, Code.INVALID_TRANSITION),
)
def correct(call: Call, log_id: UUID, body: CorrectionNoted) -> AuditedNoShow:
    """Turn a mark into what it should have been: ATTENDED completes the visit, CLINIC_FAULT cancels it."""
    return _changed(call, log_id, forgiveness.correct, Correct(log_id, body.to, body.note, body.version))


@routes.post("/admin/patients/<uuid:patient_id>/block", needs=Permission.FORGIVE)
def block(call: Call, patient_id: UUID, body: Noted) -> PatientRow:
    """Keep a patient from booking, whatever their count, until somebody unblocks them. Appointments made stay."""
    return _standing(call, blocks.block, Block(patient_id, body.note, body.version))


@routes.post("/admin/patients/<uuid:patient_id>/unblock", needs=Permission.FORGIVE)
def unblock(call: Call, patient_id: UUID, body: Noted) -> PatientRow:
    """Let a patient book again, however they were blocked. It holds until their next penalty."""
    return _standing(call, blocks.unblock, Block(patient_id, body.note, body.version))


def _forgiven(call: Call, verb: Callable[[Work, Forgive], None], command: Forgive) -> Penalty:
    def act(work: Work) -> Penalty:
        verb(work, command)
        work.session.flush()
        return _penalty(figures.penalty(work.session, work.actor, command.penalty_id))

    return call.transact(act)


def _changed(call: Call, log_id: UUID, verb: Callable[[Work, Command], None], command: Command) -> AuditedNoShow:
    def act(work: Work) -> AuditedNoShow:
        verb(work, command)
        work.session.flush()
        return _mark(queries.log(work.session, work.actor, log_id))

    return call.transact(act)


def _standing(call: Call, verb: Callable[[Work, Block], None], command: Block) -> PatientRow:
    def act(work: Work) -> PatientRow:
        verb(work, command)
        work.session.flush()
        return patients.one(work.session, work.actor, command.patient_id)

    return call.transact(act)


def _mark(row: LogRow) -> AuditedNoShow:
    return AuditedNoShow(**no_shows.values_of(row), voided_at=row.voided_at, date=row.date, version=row.version)


def _penalty(row: PenaltyRow) -> Penalty:
    return Penalty(
        id=row.id,
        appointment_id=row.appointment_id,
        log_id=row.log_id,
        patient_id=row.patient_id,
        reason=row.reason,
        email_sent=row.email_sent,
        created_at=row.created_at,
        waived_at=row.waived_at,
        justified_at=row.justified_at,
        voided_at=row.voided_at,
        counts=row.counts,
        date=row.date,
        start_time=row.start_time,
        patient=PatientBrief(row.patient_id, row.mrn, row.first_name, row.last_name),
        doctor=NamedDoctor(row.doctor_id, row.doctor_first_name, row.doctor_last_name),
        no_show_count=row.no_show_count,
        patient_status=row.patient_status,
        version=row.version,
    )
