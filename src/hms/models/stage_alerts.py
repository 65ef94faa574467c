"""Stage alerts: a patient is here and the visit does not move on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.stage_alerts import AlertStatus, AlertType
from hms.models.base import Base, choice_of, new_id

OPEN = "status <> 'RESOLVED'"


class StageAlert(Base):
    """One alert of one visit. ``resolved_by`` is null when it was resolved by the visit moving on.

    ``is_over``: the wait that it speaks of has ended. Until then the visit has no second alert of its type, also when
    somebody has resolved this one by hand.
    """

    __tablename__ = "stage_alerts"
    __table_args__ = (
        CheckConstraint("NOT is_over OR status = 'RESOLVED'", name="over_is_resolved"),
        CheckConstraint("(status = 'RESOLVED') = (resolved_at IS NOT NULL)", name="resolved_since"),
        Index(
            "uq_stage_alerts_appointment_id_alert_type",
            "appointment_id",
            "alert_type",
            unique=True,
            sqlite_where=text("NOT is_over"),
            postgresql_where=text("NOT is_over"),
        ),
        Index(
            "ix_stage_alerts_open",
            "hospital_id",
            "triggered_at",
            "id",
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    alert_type: Mapped[AlertType] = mapped_column(choice_of(AlertType))
    status: Mapped[AlertStatus] = mapped_column(choice_of(AlertStatus), default=AlertStatus.ACTIVE)
    message: Mapped[str] = mapped_column(Text)
    triggered_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    is_over: Mapped[bool] = mapped_column(default=False)
