"""Appointments, their history, the doctor's day counter, and what waits for a human decision."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hms.domain.appointments import Status
from hms.domain.no_shows import ReviewDecision, ReviewReason
from hms.models.base import SEQUENCE, Base, choice_of, new_id
from hms.models.doctors import Doctor
from hms.models.patients import Patient

OPEN_AND_SWEPT = "status IN ('SCHEDULED', 'CONFIRMED') AND NOT under_review"
LIVE = "status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')"
SLOTLESS = f"slot_id IS NULL AND {LIVE}"
TO_REVIEW = "under_review OR status IN ('CHECKED_IN', 'IN_PROGRESS')"


class Appointment(Base):
    """One visit. It keeps its own times; ``slot_id`` points at the slot while that row exists.

    ``holds_slot`` is true from booking until the visit is cancelled, rescheduled or marked no-show with release.
    ``no_show_due_at`` is the stored instant from which an open visit counts as missed; ``under_review`` keeps the
    sweep away. ``alert_due_at`` is when a visit that waits is next looked at for alerts. The database itself refuses
    a second holder of a slot, overlapping live visits of a patient or of a doctor, a booking past the doctor's day,
    and any change of state that the table of transitions lacks.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "patient_id"], ["patients.hospital_id", "patients.id"]),
        ForeignKeyConstraint(["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"]),
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name="duration"),
        CheckConstraint(f"NOT ({LIVE}) OR holds_slot", name="live_holds_slot"),
        CheckConstraint("status <> 'CANCELLED' OR NOT holds_slot", name="cancelled_frees_slot"),
        Index(
            "uq_appointments_slot_held",
            "slot_id",
            unique=True,
            sqlite_where=text("holds_slot"),
            postgresql_where=text("holds_slot"),
        ),
        Index(
            "uq_appointments_hospital_id_external_ref",
            "hospital_id",
            "external_ref",
            unique=True,
            sqlite_where=text("external_ref IS NOT NULL"),
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
        Index(
            "ix_appointments_due",
            "hospital_id",
            "no_show_due_at",
            "id",
            sqlite_where=text(OPEN_AND_SWEPT),
            postgresql_where=text(OPEN_AND_SWEPT),
        ),
        Index(
            "ix_appointments_doctor_live",
            "doctor_id",
            "starts_at",
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
        # The few live visits whose slot row is gone: whoever looks for free times must keep clear of them.
        Index(
            "ix_appointments_slotless",
            "doctor_id",
            "starts_at",
            sqlite_where=text(SLOTLESS),
            postgresql_where=text(SLOTLESS),
        ),
        # The review list: what the sweep left to a human, and visits that are, or were left, at the clinic.
        Index(
            "ix_appointments_to_review",
            "hospital_id",
            "starts_at",
            "id",
            sqlite_where=text(TO_REVIEW),
            postgresql_where=text(TO_REVIEW),
        ),
        # What the alerts' sweep reads: visits that wait, and only while an alert of theirs may still come.
        Index(
            "ix_appointments_alert_due",
            "hospital_id",
            "alert_due_at",
            "id",
            sqlite_where=text("alert_due_at IS NOT NULL"),
            postgresql_where=text("alert_due_at IS NOT NULL"),
        ),
        Index("ix_appointments_hospital_id_appointment_date", "hospital_id", "appointment_date"),
        Index("ix_appointments_doctor_id_appointment_date", "doctor_id", "appointment_date"),
        Index("ix_appointments_patient_id_starts_at", "patient_id", "starts_at"),
        # A slot that goes is looked for here: the index of holders knows only some of the rows.
        Index("ix_appointments_slot_id", "slot_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    slot_id: Mapped[UUID | None] = mapped_column(ForeignKey("doctor_slots.id", ondelete="SET NULL"))
    status: Mapped[Status] = mapped_column(choice_of(Status), default=Status.SCHEDULED)
    appointment_date: Mapped[date]
    start_time: Mapped[time]
    end_time: Mapped[time]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    duration_minutes: Mapped[int]
    booked_at: Mapped[datetime]
    no_show_due_at: Mapped[datetime]
    holds_slot: Mapped[bool] = mapped_column(default=True)
    under_review: Mapped[bool] = mapped_column(default=False)
    imported: Mapped[bool] = mapped_column(default=False)
    external_ref: Mapped[str | None] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(40), default="CONSULTATION")
    reason: Mapped[str | None] = mapped_column(String(400))
    notes: Mapped[str | None] = mapped_column(Text)
    checked_in_at: Mapped[datetime | None]
    vitals_recorded_at: Mapped[datetime | None]
    alert_due_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    calendar_sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime]

    patient: Mapped[Patient] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin=lambda: Appointment.patient_id == Patient.id,
        foreign_keys=lambda: [Appointment.patient_id],
    )
    doctor: Mapped[Doctor] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin=lambda: Appointment.doctor_id == Doctor.id,
        foreign_keys=lambda: [Appointment.doctor_id],
    )


class AppointmentEvent(Base):
    """One change of an appointment's state: who, when, from, to and why. Append-only.

    The link to the appointment is checked at commit, because an import writes the event first: the insert trigger
    asks for it.
    """

    __tablename__ = "appointment_events"
    __table_args__ = (Index("ix_appointment_events_appointment_id", "appointment_id"),)

    seq: Mapped[int] = mapped_column(SEQUENCE, primary_key=True, autoincrement=True)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id", deferrable=True, initially="DEFERRED"))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    from_status: Mapped[Status | None] = mapped_column(choice_of(Status, closed=False))
    to_status: Mapped[Status] = mapped_column(choice_of(Status, closed=False))
    reason: Mapped[str | None] = mapped_column(String(400))
    is_import: Mapped[bool] = mapped_column(default=False)


class DoctorDay(Base):
    """How many patients count on a doctor's day. Kept by triggers alone; code only reads it."""

    __tablename__ = "doctor_days"

    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    booked: Mapped[int] = mapped_column(default=0)


class AppointmentReview(Base):
    """An appointment that a human must decide on; nobody is penalised without a decision."""

    __tablename__ = "appointment_reviews"
    __table_args__ = (
        UniqueConstraint("appointment_id"),
        Index(
            "ix_appointment_reviews_open",
            "hospital_id",
            "opened_at",
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    reason: Mapped[ReviewReason] = mapped_column(choice_of(ReviewReason, closed=False))
    opened_at: Mapped[datetime]
    decision: Mapped[ReviewDecision | None] = mapped_column(choice_of(ReviewDecision))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str | None] = mapped_column(String(400))
