"""Whole clinic days, replayed: exactly the recorded no-shows are marked, penalised and told, once each.

A day of our own in every run. Where HMS_REPLAY_DATA names the file of real days, as many of them as HMS_REPLAY_DAYS
says (1 unless set) on both engines.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunStatus
from hms.domain.no_shows import NoShowReason
from hms.domain.people import PatientStatus
from hms.models import (
    Appointment,
    AppointmentReview,
    JobRun,
    NoShowLog,
    NoShowPenalty,
    OutgoingMessage,
    Patient,
)
from hms.runtime import Runtime
from tests.replay.player import Player
from tests.replay.records import Record, overlaps, own_day, real_days, real_file

THRESHOLD = 3
CHANNELS = ("email", "in_app", "sms")
DAYS = int(os.environ.get("HMS_REPLAY_DAYS", "1"))


def test_own_day_ends_as_recorded(runtime: Runtime, clock: FixedClock) -> None:
    records = own_day()
    assert replay(runtime, clock, records) == sum(not record.attended for record in records) > 0


@pytest.mark.timeout(1800)
@pytest.mark.skipif(real_file() is None, reason="HMS_REPLAY_DATA names no file of real days")
def test_real_days_end_as_recorded(runtime: Runtime, clock: FixedClock) -> None:
    path = real_file()
    assert path is not None
    records = real_days(path, DAYS)
    assert len({record.day for record in records}) == DAYS
    assert len(records) > 4000 * DAYS
    assert replay(runtime, clock, records) == sum(not record.attended for record in records)


def replay(runtime: Runtime, clock: FixedClock, records: Sequence[Record]) -> int:
    """Play the days and compare every table that a no-show touches with what was recorded; return the marks made."""
    assert list(overlaps(records)) == []
    player = Player(runtime, clock, records)
    player.open()
    player.book_all()
    player.play()
    check_states(player)
    check_follow_up(player)
    check_standing(player)
    clock.advance(timedelta(minutes=5))
    assert player.sweep() == 0
    return check_runs(player)


def missed(player: Player) -> list[Record]:
    return [record for record in player.records if not record.attended]


def check_states(player: Player) -> None:
    with player.runtime.reading() as session:
        rows = session.execute(select(Appointment.external_ref, Appointment.status)).all()
    found = {status: {ref for ref, state in rows if state is status} for status in Status}
    assert found[Status.NO_SHOW] == {record.ref for record in missed(player)}
    assert found[Status.COMPLETED] == {record.ref for record in player.records if record.attended}
    assert len(rows) == len(player.records)


def check_follow_up(player: Player) -> None:
    """One log, one penalty and one message a channel for each missed visit; no review, nothing told twice."""
    visits = {player.booked[record.ref]: player.patients[record.patient] for record in missed(player)}
    with player.runtime.reading() as session:
        logs = session.execute(select(NoShowLog.appointment_id, NoShowLog.reason, NoShowLog.notification_sent)).all()
        penalties = session.execute(select(NoShowPenalty.appointment_id, NoShowPenalty.patient_id)).all()
        keys = session.scalars(select(OutgoingMessage.key).where(OutgoingMessage.key.like("no_show:%"))).all()
        assert session.scalar(select(func.count()).select_from(AppointmentReview)) == 0
    assert sorted(logs) == sorted((visit, NoShowReason.AUTO_TIMEOUT, True) for visit in visits)
    assert sorted(map(tuple, penalties)) == sorted(visits.items())
    told = sorted(f"no_show:{visit}:{patient}:{channel}" for visit, patient in visits.items() for channel in CHANNELS)
    assert sorted(keys) == told


def check_standing(player: Player) -> None:
    """Expect the missed visits as counts; three and more block, each patient told once a channel."""
    counts = Counter(player.patients[record.patient] for record in missed(player))
    with player.runtime.reading() as session:
        patients = session.execute(select(Patient.id, Patient.no_show_count, Patient.status)).all()
        told = session.scalars(select(OutgoingMessage.key).where(OutgoingMessage.key.like("blocked:%"))).all()
    blocked = {patient for patient, count in counts.items() if count >= THRESHOLD}
    assert {patient: count for patient, count, _ in patients if count} == dict(counts)
    assert {patient for patient, _, status in patients if status is PatientStatus.BLOCKED} == blocked
    assert Counter(tuple(key.split(":")[2:]) for key in told) == Counter(
        (str(patient), channel) for patient in blocked for channel in CHANNELS
    )
    assert blocked


def check_runs(player: Player) -> int:
    """Expect each sweep to have ended well, and all marks to be theirs; return how many they made."""
    with player.runtime.reading() as session:
        runs = session.execute(
            select(JobRun.status, JobRun.items_processed).where(JobRun.job_name == JobName.NO_SHOW_CHECK)
        )
        done = [items for status, items in runs if status is RunStatus.COMPLETED]
    assert len(done) == player.sweeps
    assert sum(done) == len(missed(player))
    return sum(done)
