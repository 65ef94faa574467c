"""Figures of closed days, kept so that years need not be counted again. Triggers mark the days that change."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, JSON, BigInteger, Date, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.figures import SpanKind
from hms.models.base import SEQUENCE, Base, choice_of

DAYS = JSON().with_variant(ARRAY(Date), "postgresql")
"""The type of a list of days, first to last; one that comes twice is in it twice."""


class _Counted:
    """What is counted of some visits.

    ``marked_…`` and ``marks_…`` are of standing marks only. ``rebooked``: of the released ones.
    """

    appointments: Mapped[int]
    attended: Mapped[int]
    missed: Mapped[int]
    cancelled: Mapped[int]
    marked_auto: Mapped[int]
    marked_staff: Mapped[int]
    marked_doctor: Mapped[int]
    marked_called: Mapped[int]
    marks_released: Mapped[int]
    marks_justified: Mapped[int]
    penalties: Mapped[int]
    penalties_counting: Mapped[int]
    penalties_waived: Mapped[int]
    penalties_justified: Mapped[int]
    penalties_voided: Mapped[int]
    reminded_attended: Mapped[int]
    reminded_missed: Mapped[int]
    confirmed_attended: Mapped[int]
    confirmed_missed: Mapped[int]
    slots_offered: Mapped[int]
    minutes_offered: Mapped[int]
    visits_held: Mapped[int]
    minutes_booked: Mapped[int]
    released: Mapped[int]
    rebooked: Mapped[int]
    minutes_lost: Mapped[int]


class FigureDay(_Counted, Base):
    """A doctor's day in numbers, as its rows said when it was last counted. Derived; never the truth."""

    __tablename__ = "figure_days"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"]),
        Index("ix_figure_days_doctor_id_day", "doctor_id", "day"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(primary_key=True)


class FigureHospitalDay(_Counted, Base):
    """All doctors' numbers of a day, added up."""

    __tablename__ = "figure_hospital_days"

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)


class FigureMonth(_Counted, Base):
    """A doctor's closed days of a month, added up; ``month`` is its first day."""

    __tablename__ = "figure_months"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"]),)

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(primary_key=True)


class FigureSpan(Base):
    """How many of a hospital's visits of a day took so long; ``missed``: how many of them were missed (LEAD)."""

    __tablename__ = "figure_spans"

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[SpanKind] = mapped_column(choice_of(SpanKind), primary_key=True)
    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visits: Mapped[int]
    missed: Mapped[int]


class FigureSpanMonth(Base):
    """A hospital's closed days of a month, added up; ``month`` is its first day, and all of it is closed."""

    __tablename__ = "figure_span_months"

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[SpanKind] = mapped_column(choice_of(SpanKind), primary_key=True)
    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visits: Mapped[int]
    missed: Mapped[int]


class FigureDoctorSpan(Base):
    """How many of a doctor's visits of a month took so long; ``month`` is its first day, and all of it is closed."""

    __tablename__ = "figure_doctor_spans"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"]),)

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[SpanKind] = mapped_column(choice_of(SpanKind), primary_key=True)
    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visits: Mapped[int]
    missed: Mapped[int]


class FigurePenalty(Base):
    """What a patient's missed visits of a day with a doctor cost."""

    __tablename__ = "figure_penalties"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"]),
        ForeignKeyConstraint(["hospital_id", "patient_id"], ["patients.hospital_id", "patients.id"]),
        Index("ix_figure_penalties_doctor_id_day", "doctor_id", "day"),
        Index("ix_figure_penalties_patient_id_day", "patient_id", "day"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    penalties: Mapped[int]
    penalties_counting: Mapped[int]
    penalties_waived: Mapped[int]
    penalties_justified: Mapped[int]
    penalties_voided: Mapped[int]


class FigurePatient(Base):
    """The closed days on which a patient has penalties, gathered from the kept ones; a row only for who has any.

    ``cleared_days``: of penalties that do not count. Years of all patients are read at once, so a row is short.
    """

    __tablename__ = "figure_patients"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "patient_id"], ["patients.hospital_id", "patients.id"]),
        Index("ix_figure_patients_hospital_id_penalties", "hospital_id", "penalties"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    penalties: Mapped[int]
    penalties_counting: Mapped[int]
    days: Mapped[list[date]] = mapped_column(DAYS)
    cleared_days: Mapped[list[date]] = mapped_column(DAYS)


class FigureMark(Base):
    """A closed day that must be counted again; its figures are not read meanwhile. Written by triggers, appended only.

    Whoever changes a row of a closed day leaves one in the same transaction; whoever counts the day again first
    deletes those that it sees, then counts. What commits in between leaves its mark behind.
    """

    __tablename__ = "figure_marks"
    __table_args__ = (Index("ix_figure_marks_hospital_id_day", "hospital_id", "day"),)

    seq: Mapped[int] = mapped_column(SEQUENCE, primary_key=True, autoincrement=True)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    day: Mapped[date]


class FigureProgress(Base):
    """Up to which day a hospital's figures are kept, the last one included.

    ``settled_from``: on PostgreSQL, the number of a transaction. Those before it may have changed rows without leaving
    a mark, so nothing is counted until all of them have ended. None: not known yet.
    """

    __tablename__ = "figure_progress"

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    through: Mapped[date]
    settled_from: Mapped[int | None] = mapped_column(BigInteger)
