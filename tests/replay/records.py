"""Clinic days to replay: real ones from the file that HMS_REPLAY_DATA names, or one of our own making."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
FIRST_REAL_DAY = date(2016, 5, 2)
OWN_DAY = date(2026, 1, 22)
STARTS = tuple(time(hour, minute) for hour in (8, 9, 10, 11, 13, 14, 15) for minute in (0, 15, 30, 45))


@dataclass(frozen=True, slots=True)
class Record:
    """One appointment as it was recorded. Wall times are São Paulo's, ``booked_at`` is UTC."""

    ref: str
    patient: str
    doctor: str
    booked_at: datetime
    day: date
    start: time
    attended: bool

    @property
    def starts_at(self) -> datetime:
        """The instant of the start."""
        return datetime.combine(self.day, self.start, tzinfo=ZONE).astimezone(UTC)


def real_file() -> Path | None:
    """Return the file of real days, None where there is none."""
    named = os.environ.get("HMS_REPLAY_DATA")
    return Path(named) if named else None


def real_days(path: Path, days: int) -> list[Record]:
    """Return the rows of the first ``days`` whole clinic days of the file."""
    records: list[Record] = []
    wanted: list[str] = []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = row["date"]
            if day < FIRST_REAL_DAY.isoformat() or (day not in wanted and len(wanted) == days):
                continue
            if day not in wanted:
                wanted.append(day)
            records.append(_record(row))
    return records


def own_day() -> list[Record]:
    """Return a made-up day: five doctors, regulars with several visits, about one in four missed."""
    chance = Random(7)
    taken: set[tuple[str, time]] = set()
    records = []
    for number, (doctor, start) in enumerate((f"D{doctor}", start) for doctor in range(5) for start in STARTS):
        patient = next(p for p in iter(lambda: f"P{chance.randrange(45)}", "") if (p, start) not in taken)
        taken.add((patient, start))
        opens = datetime.combine(OWN_DAY, start, tzinfo=ZONE).astimezone(UTC)
        lead = timedelta(minutes=chance.choice((0, 3, 45, 24 * 60, 9 * 24 * 60, 60 * 24 * 60)))
        attended = chance.random() > (0.7 if patient in {"P1", "P2", "P3"} else 0.2)
        records.append(Record(f"A{number}", patient, doctor, opens - lead, OWN_DAY, start, attended))
    return records


def overlaps(records: Sequence[Record]) -> Iterator[tuple[Record, Record]]:
    """Yield pairs of visits of one patient or one doctor that overlap: such rows could not both be booked."""
    length = timedelta(minutes=15)
    for who in ("patient", "doctor"):
        ordered = sorted(records, key=lambda record: (getattr(record, who), record.starts_at))
        for one, other in pairwise(ordered):
            if getattr(one, who) == getattr(other, who) and other.starts_at < one.starts_at + length:
                yield one, other


def _record(row: dict[str, str]) -> Record:
    return Record(
        ref=row["appointment_ref"],
        patient=row["patient_ref"],
        doctor=row["doctor"],
        booked_at=datetime.fromisoformat(row["booked_at"]),
        day=date.fromisoformat(row["date"]),
        start=time.fromisoformat(row["start_time"]),
        attended=row["outcome"] == "attended",
    )
