"""Import a CSV file: read it line by line, take it over a thousand rows a transaction, tell what went wrong where."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from hms.access.actors import Actor
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.imports import BadRowError, ImportRow, parse
from hms.phones import e164
from hms.processes import imports_file
from hms.processes.imports_doctors import doctors_of
from hms.processes.imports_file import Line
from hms.queries import hospitals
from hms.queries.hospitals import HospitalRules
from hms.runtime import Runtime
from hms.services import imports, phones
from hms.services.imports import ImportBatch, Imported, Refused
from hms.services.imports_people import NewDoctor

ROWS_AT_ONCE = 1000
STATISTICS_BEFORE = frozenset(4**power for power in range(10))
"""Before which batches the planner is told how the tables have grown: seldom, as they grow."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """``dry_run``: say what would happen. ``create_doctors``: those whom the file names and nobody knows.

    ``count_history``: past no-shows count and may block.
    """

    dry_run: bool = False
    create_doctors: bool = False
    count_history: bool = False


@dataclass
class ImportReport:
    """What an import did, or would do. ``lines``: rows read; ``bad``: those not taken over, by line.

    ``patients`` and ``doctors``: references and login addresses of new ones; the rest counts appointments.
    """

    lines: int = 0
    patients: set[str] = field(default_factory=set)
    doctors: set[str] = field(default_factory=set)
    past: int = 0
    reviews: int = 0
    booked: int = 0
    known: int = 0
    penalties: int = 0
    blocked: int = 0
    bad: list[Refused] = field(default_factory=list)
    unknown_columns: tuple[str, ...] = ()

    def add(self, result: Imported) -> None:
        """Add what one batch brought."""
        self.patients |= result.patients
        self.doctors |= result.doctors
        self.past += result.past
        self.reviews += result.reviews
        self.booked += result.booked
        self.known += result.known
        self.penalties += result.penalties
        self.blocked += result.blocked
        self.bad += result.refused


def import_file(
    runtime: Runtime,
    actor: Actor,
    path: Path,
    options: ImportOptions,
    progress: Callable[[int], None] = lambda _lines: None,
) -> ImportReport:
    """Import a file into the actor's hospital and report; raise VALIDATION for a file without the needed columns.

    A bad row is reported and stops nothing. A dry run judges each row against what is stored and the rows of its own
    batch, and keeps nothing. ``progress`` hears how many lines more are done.
    """
    importer = _Import(runtime, actor, options, runtime.read(hospitals.rules, actor.hospital_id), progress)
    if options.create_doctors:
        with imports_file.opened(path) as file:
            importer.new_doctors = doctors_of(file.lines)
    with imports_file.opened(path) as file:
        importer.report.unknown_columns = file.unknown
        importer.take(importer.parsed(file.lines))
    importer.report.bad.sort(key=lambda refused: refused.line)
    return importer.report


@dataclass
class _Import:
    runtime: Runtime
    actor: Actor
    options: ImportOptions
    hospital: HospitalRules
    progress: Callable[[int], None]
    report: ImportReport = field(default_factory=ImportReport)
    new_doctors: dict[str, NewDoctor] = field(default_factory=dict)

    def parsed(self, lines: Iterator[Line]) -> Iterator[ImportRow]:
        """Yield the rows that can be read; report the others."""
        now = self.runtime.clocks.hospital.now()
        seen: dict[str, int] = {}
        # Of the same patient come many rows, each with the number.
        dialable = lru_cache(maxsize=100_000)(partial(e164, country=phones.country(self.hospital)))
        for line in lines:
            try:
                row = _read(line, self.hospital.zone, now, dialable)
                _require_first(row, seen)
            except BadRowError as error:
                self._refuse(line.number, str(error))
            else:
                yield row

    def _refuse(self, line: int, reason: str) -> None:
        self.report.lines += 1
        self.report.bad.append(Refused(line, reason))
        self.progress(1)

    def take(self, rows: Iterator[ImportRow]) -> None:
        """Take all rows over, batch by batch."""
        for number, batch in enumerate(_batches(rows)):
            if number in STATISTICS_BEFORE and not self.options.dry_run:
                self.runtime.transact(self.actor, imports.refresh_statistics)
            self._settle(batch)
            self.report.lines += len(batch)
            self.progress(len(batch))

    def _settle(self, rows: tuple[ImportRow, ...]) -> None:
        """Write a batch; where the schema refuses one of its rows, halve it until that row stands alone."""
        try:
            result = self._write(rows)
        except DomainError as refusal:
            if refusal.code is Code.BUSY:
                raise
            if len(rows) == 1:
                self.report.bad.append(Refused(rows[0].line, refusal.message))
                return
            middle = len(rows) // 2
            self._settle(rows[:middle])
            self._settle(rows[middle:])
        else:
            self.report.add(result)

    def _write(self, rows: tuple[ImportRow, ...]) -> Imported:
        batch = ImportBatch(rows, self.new_doctors, count_history=self.options.count_history)
        if self.options.dry_run:
            return self.runtime.rehearse(self.actor, imports.take_over, batch)
        return self.runtime.transact(self.actor, imports.take_over, batch)


def _read(line: Line, zone: ZoneInfo, now: datetime, dialable: Callable[[str], str | None]) -> ImportRow:
    if line.problem:
        raise BadRowError([Detail("line", line.problem)])
    return parse(line.number, line.cells, zone, now, dialable)


def _require_first(row: ImportRow, seen: dict[str, int]) -> None:
    if row.visit:
        first = seen.setdefault(row.visit.ref, row.line)
        if first != row.line:
            raise BadRowError([Detail("appointment_ref", f"{row.visit.ref} was on line {first} already")])


def _batches(rows: Iterable[ImportRow]) -> Iterator[tuple[ImportRow, ...]]:
    batch: list[ImportRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            yield tuple(batch)
            batch.clear()
    if batch:
        yield tuple(batch)
