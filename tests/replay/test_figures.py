"""Figures of imported days beside what the file itself says: nothing between the two is shared.

Made-up days in every run; where HMS_REPLAY_DATA names the file of real days, as many of them as HMS_REPLAY_DAYS says.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.figures import Wanted
from hms.domain.job_runs import JobName, RunSource
from hms.models import FigureDay, Hospital
from hms.processes.imports import ImportOptions, import_file
from hms.processes.jobs import OutcomeStatus, run_job
from hms.queries.figures import counts, penalties, utilisation, waiting
from hms.queries.figures.counts import Counts
from hms.runtime import Runtime
from tests.replay.records import ZONE, Record, own_day, real_days, real_file
from tests.support.factories import admin_of, make_hospital

DAYS = int(os.environ.get("HMS_REPLAY_DAYS", "1"))
COLUMNS = (
    "appointment_ref patient_ref first_name last_name doctor_email doctor_name"
    " date start_time minutes booked_at outcome"
)
EVERY = 4
"""Of the real days every fourth doctor's: their import takes longest."""
MINUTES = 15


def test_made_up_days_are_told_as_their_file_says(runtime: Runtime, tmp_path: Path) -> None:
    records = [
        replace(
            record,
            ref=f"{record.ref}-{days}",
            day=record.day - timedelta(days=days),
            booked_at=record.booked_at - timedelta(days=days),
        )
        for days in (10, 12, 13, 40)
        for record in own_day()
        if days != 12 or record.doctor != "D1"
    ]
    assert tell(runtime, tmp_path, records) == {record.day for record in records}


@pytest.mark.timeout(1800)
@pytest.mark.skipif(real_file() is None, reason="HMS_REPLAY_DATA names no file of real days")
def test_real_days_are_told_as_their_file_says(runtime: Runtime, tmp_path: Path) -> None:
    path = real_file()
    assert path is not None
    records = real_days(path, DAYS)
    assert len(records) > 4000 * DAYS
    chosen = set(sorted({record.doctor for record in records})[::EVERY])
    records = [record for record in records if record.doctor in chosen]
    assert len(records) > 800 * DAYS
    assert tell(runtime, tmp_path, records) == {record.day for record in records}


def tell(runtime: Runtime, folder: Path, records: Sequence[Record]) -> set[date]:
    """Import the days and compare all figures with the records, counted live and kept; return the days kept."""
    hospital = make_hospital(runtime, timezone=ZONE.key)
    with runtime.database.writing() as session:
        session.execute(update(Hospital).where(Hospital.id == hospital.id).values(locale="pt-BR"))
    options = ImportOptions(create_doctors=True, count_history=True)
    report = import_file(runtime, Actor.system(hospital.id), write(folder / "books.csv", records), options)
    assert (report.past, report.bad) == (len(records), [])
    admin = admin_of(runtime, hospital)
    with runtime.reading() as session:
        compare(session, admin, records)
    outcome = run_job(runtime, hospital.id, JobName.HOUSEKEEPING, RunSource.MANUAL)
    assert outcome.status is OutcomeStatus.COMPLETED, outcome.error
    with runtime.reading() as session:
        compare(session, admin, records)
        return set(session.scalars(select(FigureDay.day)))


def write(path: Path, records: Sequence[Record]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.split())
        for row in records:
            who = [
                row.ref,
                row.patient,
                "Patient",
                row.patient,
                f"{row.doctor.lower()}@clinic.example",
                f"Dr. A {row.doctor}",
            ]
            when = [row.day.isoformat(), f"{row.start:%H:%M}", str(MINUTES), row.booked_at.isoformat()]
            writer.writerow([*who, *when, "attended" if row.attended else "no_show"])
    return path


def counted(records: Sequence[Record]) -> Counts:
    missed = sum(not record.attended for record in records)
    rate = 100 * missed / len(records) if records else 0
    return Counts(len(records), len(records) - missed, missed, 0, f"{rate:.1f}%")


def compare(session: Session, admin: Actor, records: Sequence[Record]) -> None:
    first, last = (pick(record.day for record in records) for pick in (min, max))
    wanted = Wanted(first, last)
    totals = counts.no_shows(session, admin, wanted)
    assert (totals.counts, totals.before) == (counted(records), Counts())
    by_doctor = Counter(record.doctor for record in records)
    missed_by_doctor = Counter(record.doctor for record in records if not record.attended)
    rows = counts.by_doctor(session, admin, wanted).rows
    found = sorted((row.counts.appointments, row.counts.no_shows) for row in rows)
    assert found == sorted((number, missed_by_doctor[doctor]) for doctor, number in by_doctor.items())
    compare_course(session, admin, wanted, records)
    compare_penalties(session, admin, wanted, records)
    times = utilisation.utilisation(session, admin, wanted).times
    missed = MINUTES * totals.counts.no_shows
    assert (times.slots_booked, times.minutes_booked, times.minutes_lost) == (
        len(records),
        MINUTES * len(records),
        missed,
    )
    assert (times.minutes_offered, times.utilisation) == (times.minutes_booked, "100.0%")
    compare_leads(session, admin, wanted, records)


def compare_course(session: Session, admin: Actor, wanted: Wanted, records: Sequence[Record]) -> None:
    for row in counts.by_day(session, admin, wanted).rows:
        assert row.counts == counted([record for record in records if record.day == row.first])
    weeks: dict[date, list[Record]] = {}
    for record in records:
        weeks.setdefault(record.day - timedelta(days=record.day.isoweekday() % 7), []).append(record)  # from Sunday on
    rows = [row for row in counts.by_week(session, admin, wanted).rows if row.counts.appointments]
    assert [row.counts for row in rows] == [counted(weeks[week]) for week in sorted(weeks)]


def compare_penalties(session: Session, admin: Actor, wanted: Wanted, records: Sequence[Record]) -> None:
    missed = Counter(record.patient for record in records if not record.attended)
    most = penalties.by_patient(session, admin, wanted, limit=20)
    assert (most.patients, most.numbers.penalties, most.numbers.counting) == (
        len(missed),
        missed.total(),
        missed.total(),
    )
    assert [row.numbers.penalties for row in most.rows] == [number for _, number in missed.most_common(20)]
    by_doctor = Counter(record.doctor for record in records if not record.attended)
    found = penalties.by_doctor(session, admin, wanted).rows
    assert [row.numbers.penalties for row in found] == sorted(by_doctor.values(), reverse=True)


def compare_leads(session: Session, admin: Actor, wanted: Wanted, records: Sequence[Record]) -> None:
    known = [record for record in records if record.booked_at != record.starts_at]
    days = sorted(max(0, int((record.starts_at - record.booked_at).total_seconds()) // 86400) for record in known)
    leads = waiting.lead_times(session, admin, wanted)
    assert (leads.now.visits, leads.now.median) == (len(days), days[(len(days) + 1) // 2 - 1])
    assert leads.now.p90 == days[-(-9 * len(days) // 10) - 1]
    assert sum(band.no_shows for band in leads.bands) == sum(not record.attended for record in known)
    assert waiting.waiting_times(session, admin, wanted).to_begin.now.visits == 0
