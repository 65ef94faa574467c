"""Runs of the automation. A RUNNING row is the lock of its job across all machines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.job_runs import JobName, RunStatus
from hms.models.base import Base, choice_of, new_id


class JobRun(Base):
    """One run of a job for one hospital.

    ``started_at``, ``completed_at`` and ``scheduled_for``: hospital clock; ``heartbeat_at``: machine clock.
    """

    __tablename__ = "cron_job_runs"
    __table_args__ = (
        UniqueConstraint("hospital_id", "job_name", "scheduled_for"),
        Index(
            "uq_cron_job_runs_running",
            "hospital_id",
            "job_name",
            unique=True,
            sqlite_where=text("status = 'RUNNING'"),
            postgresql_where=text("status = 'RUNNING'"),
        ),
        Index(
            "ix_cron_job_runs_hospital_id_job_name_started_at",
            "hospital_id",
            "job_name",
            "started_at",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    job_name: Mapped[JobName] = mapped_column(choice_of(JobName, closed=False))
    status: Mapped[RunStatus] = mapped_column(choice_of(RunStatus), default=RunStatus.RUNNING)
    scheduled_for: Mapped[datetime | None]
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime]
    duration_ms: Mapped[int | None]
    items_processed: Mapped[int] = mapped_column(default=0)
    error_message: Mapped[str | None] = mapped_column(Text)
    run_metadata: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
