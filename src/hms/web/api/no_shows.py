"""No-shows: mark, late arrivals, logs and figures, a patient's record."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.no_shows import NoShowReason
from hms.processes import no_show_files
from hms.queries import no_show_figures as figures
from hms.queries import no_show_records
from hms.queries import no_shows as queries
from hms.queries.appointments import AppointmentRow, PatientBrief
from hms.queries.no_show_figures import Period, Stats
from hms.queries.no_show_records import PatientMark
from hms.queries.no_shows import LogFilter, LogRow
from hms.services import no_shows
from hms.services.no_shows import LateArrival, MarkNoShow
from hms.transaction import Work
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.appointments import changed
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Note, Paging, Query, Version

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


class LogFilters(Query):
    """Marks triggered from ``from`` to ``to`` (hospital dates, both included)."""

    from_: Day | None = None
    to: Day | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    reason: NoShowReason | None = None


class LogSearch(LogFilters, Paging):
    """Marks triggered from ``from`` to ``to`` (hospital dates, both included)."""


class StatsQuery(Query):
    """Visits from ``from`` to ``to`` (hospital dates, both included); by default the last 30 days."""

    from_: Day | None = None
    to: Day | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    reason: NoShowReason | None = None


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
        return as_log(row)

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
    after = read_cursor(query.cursor, position)
    rows = call.read(queries.logs, call.actor, log_filter(call, query, with_voided=False), after, query.limit + 1)
    page = page_of(rows, query.limit, lambda row: place(row.triggered_at, row.id))
    return Page([as_log(row) for row in page.rows], page.next_cursor, page.limit)


@routes.get("/no-show/logs.csv", needs=Permission.SEE_NO_SHOW_LOGS, produces="text/csv")
def logs_file(call: Call, query: LogFilters) -> Response:
    """Send marks that stand as a file for spreadsheets, newest first, however many they are. Doctors their own.

    Dates and times are the hospital's. A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    wanted = log_filter(call, query, with_voided=False)
    lines = no_show_files.lines(call.runtime, call.actor, wanted, call.identity.hospital.zone)
    return _attached(call, lines, "csv", no_show_files.CSV)


@routes.get(
    "/no-show/logs.parquet",
    needs=Permission.SEE_NO_SHOW_LOGS,
    produces=no_show_files.PARQUET,
    errors=(Code.NOT_CONFIGURED,),
)
def logs_parquet(call: Call, query: LogFilters) -> Response:
    """Send marks that stand as a Parquet file: the CSV file's columns, with types. Doctors their own.

    ``marked_at`` is an instant; nothing is changed for spreadsheets. 503 NOT_CONFIGURED where the library that writes
    such files is not installed.
    """
    wanted = log_filter(call, query, with_voided=False)
    pieces = no_show_files.parquet(call.runtime, call.actor, wanted, call.identity.hospital.zone)
    return _attached(call, pieces, "parquet", no_show_files.PARQUET)


def _attached(call: Call, pieces: Iterator[str] | Iterator[bytes], suffix: str, mimetype: str) -> Response:
    name = f"no-shows-{call.today}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(pieces, mimetype=mimetype, headers=headers)


@routes.get("/no-show/stats", needs=Permission.SEE_NO_SHOW_STATS)
def stats(call: Call, query: StatsQuery) -> Stats:
    """Count a period's visits, missed ones among them. Doctors their own."""
    last = query.to or call.today
    first = query.from_ or last - timedelta(days=PERIOD_DAYS - 1)
    if not 0 <= (last - first).days <= LONGEST_PERIOD:
        reason = f"must be from 0 to {LONGEST_PERIOD} days after from"
        raise DomainError(Code.VALIDATION, f"The last day {reason}.", [Detail("to", reason)])
    return call.read(figures.stats, call.actor, Period(first, last, query.doctor_id, query.patient_id, query.reason))


@routes.get("/patients/<uuid:patient_id>/no-shows", needs=(Permission.FIND_PATIENTS, Permission.SEE_OWN_RECORD))
def record(call: Call, patient_id: UUID, query: Paging) -> Page[PatientMark]:
    """List a patient's marks, newest first, with what each did to the count. Patients their own, without notes."""
    after = read_cursor(query.cursor, position)
    rows = call.read(no_show_records.of_patient, call.actor, patient_id, call.now, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, lambda row: place(row.marked_at, row.id))


def log_filter(call: Call, query: LogFilters, *, with_voided: bool) -> LogFilter:
    """Turn what was asked for into instants of the hospital's days."""
    since, until = instants(query.from_, query.to, call.identity.hospital.zone)
    return LogFilter(since, until, query.doctor_id, query.patient_id, query.reason, with_voided)


def instants(first: date | None, last: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return where the hospital's days from ``first`` to ``last``, both included, begin and end."""
    return _midnight(first, zone), _midnight(last + timedelta(days=1), zone) if last else None


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone)


def as_log(row: LogRow) -> NoShowLog:
    """Write a mark as clients read it."""
    return NoShowLog(**values_of(row))


def values_of(row: LogRow) -> dict[str, Any]:
    """Return the fields of a mark, by name."""
    same = (f.name for f in fields(NoShowLog) if f.name not in {"patient", "doctor"})
    return {name: getattr(row, name) for name in same} | {
        "patient": PatientBrief(row.patient_id, row.mrn, row.patient_first_name, row.patient_last_name),
        "doctor": NamedDoctor(row.doctor_id, row.doctor_first_name, row.doctor_last_name),
    }
