"""What the schedule reads: every hospital's clock and policy, and which ticks were served before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hms.domain.job_runs import TRY, JobName, RunStatus, is_abandoned, is_to_retry
from hms.domain.policy import Policy
from hms.models import Hospital, JobRun


@dataclass(frozen=True, slots=True)
class HospitalClock:
    """One hospital's zone and schedules."""

    hospital_id: UUID
    zone: ZoneInfo
    policy: Policy


@dataclass(frozen=True, slots=True)
class Tick:
    """One time at which one hospital's job is due (hospital clock)."""

    hospital_id: UUID
    job: JobName
    scheduled_for: datetime


def hospital_clocks(session: Session) -> list[HospitalClock]:
    """Return every hospital's zone and policy."""
    rows = session.execute(select(Hospital.id, Hospital.timezone, Hospital.settings).order_by(Hospital.code))
    return [HospitalClock(row.id, ZoneInfo(row.timezone), Policy.from_settings(row.settings)) for row in rows]


def served(session: Session, ticks: Collection[Tick], machine_now: datetime) -> set[Tick]:
    """Return those of ``ticks`` that have a run already, other than one that died or that is to be tried again."""
    if not ticks:
        return set()
    key = tuple_(JobRun.hospital_id, JobRun.job_name, JobRun.scheduled_for)
    wanted = [(tick.hospital_id, tick.job, tick.scheduled_for) for tick in ticks]
    rows = session.execute(
        select(JobRun.hospital_id, JobRun.job_name, JobRun.scheduled_for, JobRun.status, JobRun.heartbeat_at)
        .add_columns(JobRun.run_metadata)
        .where(key.in_(wanted))
    )
    return {Tick(row.hospital_id, row.job_name, row.scheduled_for) for row in rows if not _is_open(row, machine_now)}


def _is_open(row: Any, machine_now: datetime) -> bool:
    if row.status is RunStatus.FAILED:
        return is_to_retry(row.heartbeat_at, machine_now, row.run_metadata.get(TRY, 1))
    return row.status is RunStatus.RUNNING and is_abandoned(row.heartbeat_at, machine_now)
