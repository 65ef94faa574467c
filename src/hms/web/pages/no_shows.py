"""Marks and penalties as admins see them, what can be done about each, and a patient's own record of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, may, require
from hms.access.scope import not_found
from hms.domain.errors import Code, DomainError
from hms.domain.no_shows import Correction, MarkAction, MarkEffect, NoShowReason
from hms.languages import marked
from hms.processes import no_show_files
from hms.queries import doctors, no_show_figures, no_show_records, patients
from hms.queries import no_shows as queries
from hms.queries.doctors import DoctorFilters
from hms.queries.no_show_figures import PenaltyFilter, PenaltyRow
from hms.queries.no_shows import LogFilter, LogRow
from hms.services import blocks, forgiveness
from hms.services.blocks import Block
from hms.services.forgiveness import Correct, Excuse, Forgive
from hms.transaction import Work
from hms.web.pages.desk import Toast, desk, go, page, reading, runtime, staff_only

HERE = "no_shows"
SHOWN, MANY = 50, 500
REASONS: dict[NoShowReason, str] = {
    NoShowReason.AUTO_TIMEOUT: marked("Did not come"),
    NoShowReason.MANUAL_STAFF: marked("Marked by staff"),
    NoShowReason.MANUAL_DOCTOR: marked("Marked by the doctor"),
    NoShowReason.PATIENT_CALLED: marked("Called to say they would not come"),
}
EFFECTS: dict[MarkEffect, str] = {
    MarkEffect.COUNTS: marked("Counts"),
    MarkEffect.WAIVED: marked("Waived"),
    MarkEffect.JUSTIFIED: marked("Justified"),
    MarkEffect.TAKEN_BACK: marked("Taken back"),
    MarkEffect.TOO_OLD: marked("Too long ago to count"),
    MarkEffect.NEVER_COUNTED: marked("Never counted"),
}
STEPS: Mapping[str, str] = {
    "marked": "Marked",
    MarkAction.WAIVED: "Waived",
    MarkAction.REINSTATED: "Reinstated",
    MarkAction.JUSTIFIED: "Justified",
    MarkAction.UNJUSTIFIED: "No longer justified",
    MarkAction.UNDONE: "Taken back",
    MarkAction.CORRECTED: "Corrected",
    "status": "Came late",
}
"""What was done about a mark, by the verb of its audit row."""
UNDECIDED = frozenset({Code.VALIDATION, Code.STALE_VERSION, Code.TOO_LATE, Code.TOO_EARLY, Code.INVALID_TRANSITION})
HELD = frozenset({Code.SLOT_TAKEN, Code.SLOT_BLOCKED, Code.DUPLICATE_BOOKING})
"""The refusals that the page itself tells; others are no page of the reader's."""

Verb = Callable[[Work, UUID, UUID | None, str], None]
VERBS: Mapping[str, Verb] = {
    "justify": lambda work, log, _, note: forgiveness.justify(work, Excuse(log, note)),
    "unjustify": lambda work, log, _, note: forgiveness.unjustify(work, Excuse(log, note)),
    "waive": lambda work, _, penalty, note: forgiveness.waive(work, Forgive(_known(penalty), note)),
    "reinstate": lambda work, _, penalty, note: forgiveness.reinstate(work, Forgive(_known(penalty), note)),
    "undo": lambda work, log, _, note: forgiveness.undo(work, Excuse(log, note)),
    "attended": lambda work, log, _, note: forgiveness.correct(work, Correct(log, Correction.ATTENDED, note)),
    "clinic-fault": lambda work, log, _, note: forgiveness.correct(work, Correct(log, Correction.CLINIC_FAULT, note)),
}
DONE: Mapping[str, str] = {
    "justify": "The no-show is justified and counts no more.",
    "unjustify": "The no-show counts again.",
    "waive": "The penalty is waived.",
    "reinstate": "The penalty counts again.",
    "undo": "The mark is taken back. The visit is as it was.",
    "attended": "The visit is completed: the patient was there.",
    "clinic-fault": "The visit is cancelled, as the clinic’s fault.",
    "block": "The patient may not book any more.",
    "unblock": "The patient may book again.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as typed; what makes no sense is left out."""

    first: str
    last: str
    doctor: UUID | None
    patient: UUID | None
    reason: NoShowReason | None

    @classmethod
    def read(cls) -> "Asked":
        """Read the address."""
        args = request.args
        return cls(
            first=args.get("from", ""),
            last=args.get("to", ""),
            doctor=args.get("doctor", type=UUID),
            patient=args.get("patient", type=UUID),
            reason=args.get("reason", type=NoShowReason),
        )

    @property
    def address(self) -> dict[str, Any]:
        """What an address says of it."""
        reason = self.reason.value if self.reason else None
        given: dict[str, Any] = {"from": self.first or None, "to": self.last or None, "doctor": self.doctor}
        return given | {"patient": self.patient, "reason": reason}

    def instants(self) -> tuple[datetime | None, datetime | None]:
        """Return the first instant of the first day and that after the last day, by the hospital's clock."""
        zone = desk().formats.zone

        def midnight(text: str, later: int) -> datetime | None:
            try:
                return datetime.combine(date.fromisoformat(text) + timedelta(days=later), time(), zone)
            except (ValueError, OverflowError):
                return None

        return midnight(self.first, 0), midnight(self.last, 1)


def register(pages: Blueprint) -> None:
    """Add the routes of marks and penalties."""
    pages.get("/no-shows", endpoint="no_shows")(marks)
    pages.get("/no-shows.csv", endpoint="no_shows_file")(marks_file)
    pages.get("/no-shows.parquet", endpoint="no_shows_parquet")(marks_parquet)
    pages.get("/no-shows/penalties", endpoint="penalties")(penalties)
    pages.get("/no-shows/<uuid:log_id>", endpoint="mark")(mark)
    pages.post("/no-shows/<uuid:log_id>/<verb>", endpoint="mark_change")(change)
    pages.get("/patients/<uuid:patient_id>/no-shows", endpoint="patient_no_shows")(record)
    pages.post("/patients/<uuid:patient_id>/<any(block, unblock):verb>", endpoint="patient_standing")(standing)
    pages.get("/my/no-shows", endpoint="my_no_shows")(own_record)


@staff_only
def marks() -> Response:
    """Show who was marked and why, newest first, also what was taken back."""
    asked, actor = Asked.read(), desk().actor
    require(actor, Permission.FORGIVE)
    since, until = asked.instants()
    wanted = LogFilter(since, until, asked.doctor, asked.patient, asked.reason, with_voided=True)
    with reading() as session:
        rows = queries.logs(session, actor, wanted, _after(), SHOWN + 1)
        everybody = doctors.listing(session, actor, DoctorFilters(), after=None, limit=MANY)
        patient = patients.one(session, actor, asked.patient) if asked.patient else None
    last = rows[SHOWN - 1] if len(rows) > SHOWN else None
    values: dict[str, Any] = {"rows": rows[:SHOWN], "asked": asked, "everybody": everybody, "reasons": REASONS}
    values |= {"patient": patient, "parquet": no_show_files.has_parquet()}
    return page("no_shows/marks.html", HERE, **values, after=_place(last.triggered_at, last.id) if last else "")


@staff_only
def marks_file() -> Response:
    """Send the marks that the filter leaves as a file for spreadsheets, without those that were taken back."""
    return _file(no_show_files.lines, "csv", no_show_files.CSV)


@staff_only
def marks_parquet() -> Response:
    """Send the same as a Parquet file."""
    return _file(no_show_files.parquet, "parquet", no_show_files.PARQUET)


def _file(write: Callable[..., Iterator[str] | Iterator[bytes]], suffix: str, mimetype: str) -> Response:
    asked, at = Asked.read(), desk()
    require(at.actor, Permission.FORGIVE)
    since, until = asked.instants()
    wanted = LogFilter(since, until, asked.doctor, asked.patient, asked.reason)
    answer = Response(write(runtime(), at.actor, wanted, at.formats.zone), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="no-shows-{at.today}.{suffix}"'
    return answer


@staff_only
def penalties() -> Response:
    """Show what missed visits cost, newest first, with each patient's count."""
    asked, actor = Asked.read(), desk().actor
    counting = {"yes": True, "no": False}.get(request.args.get("counting", ""))
    since, until = asked.instants()
    wanted = PenaltyFilter(since, until, doctor_id=asked.doctor, counting=counting)
    with reading() as session:
        rows = no_show_figures.penalties(session, actor, wanted, after=_after(), limit=SHOWN + 1)
        everybody = doctors.listing(session, actor, DoctorFilters(), after=None, limit=MANY)
    last = rows[SHOWN - 1] if len(rows) > SHOWN else None
    values: dict[str, Any] = {
        "rows": rows[:SHOWN],
        "asked": asked,
        "everybody": everybody,
        "counting": request.args.get("counting", ""),
    }
    return page("no_shows/penalties.html", HERE, **values, after=_place(last.created_at, last.id) if last else "")


@staff_only
def mark(log_id: UUID) -> Response:
    """Show one mark, what it does to the patient's count, and what can be done about it."""
    return _mark(log_id, [])


@staff_only
def change(log_id: UUID, verb: str) -> AnyResponse:
    """Waive, justify, undo or correct, or the opposite, with the note that each needs."""
    if verb not in VERBS:
        raise not_found("Action")
    require(desk().actor, Permission.FORGIVE)
    note = request.form.get("note", "").strip()
    row = runtime().read(queries.log, desk().actor, log_id)
    penalty = _penalty_of(row)

    def act(work: Work) -> None:
        VERBS[verb](work, log_id, penalty.id if penalty else None, note)

    try:
        runtime().transact(desk().actor, act)
    except DomainError as error:
        return _refused(error, lambda toast: _mark(log_id, [toast], {verb: note}, status=422))
    return _mark(log_id, [Toast(DONE[verb])])


@staff_only
def record(patient_id: UUID) -> Response:
    """Show staff a patient's marks, what each did to the count, and admins the switch of the block."""
    return _record(patient_id, [])


@staff_only
def standing(patient_id: UUID, verb: str) -> AnyResponse:
    """Block or unblock a patient, with a note."""
    service = blocks.block if verb == "block" else blocks.unblock
    note = request.form.get("note", "").strip()
    try:
        runtime().transact(desk().actor, service, Block(patient_id, note))
    except DomainError as error:
        return _refused(error, lambda toast: _record(patient_id, [toast], note, status=422))
    return _record(patient_id, [Toast(DONE[verb])])


def own_record() -> AnyResponse:
    """Show patients their own marks and what each did to their count."""
    own = desk().actor.patient_id
    return go("pages.home") if own is None else _record(own, [])


def _refused(error: DomainError, show: Callable[[Toast], Response]) -> Response:
    if error.code not in UNDECIDED | HELD:
        raise error
    return show(Toast(error.message, "bad"))


def _mark(log_id: UUID, toasts: list[Toast], typed: Mapping[str, str] | None = None, *, status: int = 200) -> Response:
    actor = desk().actor
    require(actor, Permission.FORGIVE)
    row = runtime().read(queries.log, actor, log_id)
    penalty = _penalty_of(row)
    steps = runtime().read(no_show_records.steps_of, actor, row, penalty.id if penalty else None)
    story = [(step, STEPS.get(step.action.partition(".")[2], step.action)) for step in steps]
    values: dict[str, Any] = {"row": row, "penalty": penalty, "typed": typed or {}, "reasons": REASONS, "story": story}
    return page("no_shows/mark.html", HERE, status=status, toasts=toasts, **values)


def _penalty_of(row: LogRow) -> PenaltyRow | None:
    return runtime().read(no_show_figures.penalty_of, desk().actor, row.appointment_id)


def _record(patient_id: UUID, toasts: list[Toast], note: str = "", *, status: int = 200) -> Response:
    at = desk()
    with reading() as session:
        patient = patients.one(session, at.actor, patient_id)
        rows = no_show_records.of_patient(session, at.actor, patient_id, at.now, after=_after(), limit=SHOWN + 1)
    last = rows[SHOWN - 1] if len(rows) > SHOWN else None
    return page(
        "no_shows/record.html",
        "patients" if at.actor.is_staff else "home",
        status=status,
        toasts=toasts,
        patient=patient,
        rows=rows[:SHOWN],
        effects=EFFECTS,
        reasons=REASONS,
        note=note,
        may_decide=may(at.actor, Permission.FORGIVE),
        threshold=at.hospital.policy.no_show_block_threshold,
        after=_place(last.marked_at, last.id) if last else "",
    )


def _known(penalty_id: UUID | None) -> UUID:
    if penalty_id is None:
        raise DomainError(Code.VALIDATION, "This mark has no penalty, so there is nothing to waive.")
    return penalty_id


def _place(at: datetime, row_id: UUID) -> str:
    return f"{at.isoformat()}_{row_id}"


def _after() -> tuple[datetime, UUID] | None:
    at, _, row_id = request.args.get("after", "").partition("_")
    try:
        return datetime.fromisoformat(at), UUID(row_id)
    except ValueError:
        return None
