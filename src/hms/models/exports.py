"""Histories that patients asked for as files: the task, and the file in parts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.exports import ExportStatus
from hms.models.base import Base, choice_of, new_id

_UNDER_WAY = "status IN ('PENDING', 'RUNNING')"


class HistoryExport(Base):
    """One file of one patient's history, asked for by the login ``user_id`` first; the row is the truth about its task.

    ``asked_at``, ``completed_at`` and ``expires_at``: hospital clock. ``due_at`` (machine clock) is when a worker may
    take it: at once, after a pause, or when the ``lease`` of a worker that died ends. ``last_at`` and ``last_id``: the
    visit that was written last, behind which the next worker goes on.
    """

    __tablename__ = "history_exports"
    __table_args__ = (
        Index(
            "uq_history_exports_under_way",
            "patient_id",
            unique=True,
            sqlite_where=text(_UNDER_WAY),
            postgresql_where=text(_UNDER_WAY),
        ),
        Index(
            "ix_history_exports_due",
            "due_at",
            "id",
            sqlite_where=text(_UNDER_WAY),
            postgresql_where=text(_UNDER_WAY),
        ),
        Index("ix_history_exports_patient_id_asked_at", "patient_id", "asked_at", "id"),
        Index("ix_history_exports_hospital_id_asked_at", "hospital_id", "asked_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    status: Mapped[ExportStatus] = mapped_column(choice_of(ExportStatus), default=ExportStatus.PENDING)
    asked_at: Mapped[datetime]
    lines_done: Mapped[int] = mapped_column(default=0)
    lines_total: Mapped[int] = mapped_column(default=0)
    parts: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime | None]
    last_id: Mapped[UUID | None]
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(400))


class ExportPart(Base):
    """A piece of a file, in UTF-8; the pieces in the order of their ``number``, from 0, are the whole."""

    __tablename__ = "history_export_parts"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("history_exports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ExportAsker(Base):
    """A login that asked for a file while it was being written for another one; told of it just as that one."""

    __tablename__ = "history_export_askers"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("history_exports.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
