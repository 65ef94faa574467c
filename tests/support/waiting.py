"""A small clinic whose patients wait, for tests of stage alerts: everybody of the staff, visits by wall time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.domain.vitals import Measured
from hms.models import Doctor, Hospital, StageAlert, User
from hms.processes.jobs import RunOutcome, run_job
from hms.runtime import Runtime
from hms.services import attendance, vitals
from hms.services.attendance import Attend
from hms.services.vitals import Record
from tests.support.factories import actor_of, make_doctor, make_hospital, make_patient, make_user
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, rows


@dataclass
class WaitingRoom:
    """One doctor's patients on the day of NOW, in hospital time."""

    runtime: Runtime
    clock: FixedClock
    hospital: Hospital
    doctor: Doctor
    staff: dict[Role, User]

    @classmethod
    def open(
        cls, runtime: Runtime, clock: FixedClock, *, minutes: int = 15, nurses: bool = True, **policy: Any
    ) -> WaitingRoom:
        """Make hospital, doctor and staff; keywords are policy figures."""
        hospital = make_hospital(runtime, **policy)
        doctor = make_doctor(runtime, hospital, slot_duration=minutes)
        roles = [Role.HOSPITAL_ADMIN, Role.RECEPTIONIST] + [Role.NURSE] * nurses
        staff = {role: make_user(runtime, hospital, role) for role in roles}
        return cls(runtime, clock, hospital, doctor, staff)

    @property
    def me(self) -> Actor:
        """The doctor."""
        return actor_of(self.doctor)

    def actor(self, role: Role) -> Actor:
        """Return one of the staff."""
        return actor_of(self.staff[role])

    def at(self, wall: str) -> None:
        """Move the clock to a wall time."""
        self.clock.move_to(local(self.hospital, NOW, wall))

    def visit(self, start: str, **values: Any) -> UUID:
        """Book somebody."""
        patient = make_patient(self.runtime, self.hospital, **values)
        return make_visit(self.runtime, self.hospital, self.doctor, patient, local(self.hospital, NOW, start))

    def arrive(self, visit: UUID, wall: str) -> None:
        """Let a patient come to the desk."""
        self.at(wall)
        self.runtime.transact(self.actor(Role.RECEPTIONIST), attendance.check_in, Attend(visit))

    def here(self, start: str, came: str, **values: Any) -> UUID:
        """Book somebody and let them come."""
        visit = self.visit(start, **values)
        self.arrive(visit, came)
        return visit

    def measure(self, visit: UUID, wall: str) -> None:
        """Record vitals."""
        self.at(wall)
        self.runtime.transact(self.me, vitals.record, Record(visit, Measured(heart_rate=72)))

    def check(self, wall: str) -> RunOutcome:
        """Run the no-show check."""
        self.at(wall)
        outcome = run_job(self.runtime, self.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
        assert outcome.error is None
        return outcome

    def alerts(self, visit: UUID | None = None) -> list[tuple[str, str]]:
        """Return (type, status) of a visit's alerts, or of all, in the order in which they were raised."""
        found = rows(self.runtime, StageAlert, *([StageAlert.appointment_id == visit] if visit else []))
        found.sort(key=lambda alert: (alert.triggered_at, alert.alert_type))
        return [(alert.alert_type.value, alert.status.value) for alert in found]

    def alert_id(self, visit: UUID) -> UUID:
        """Return the one alert of a visit."""
        [alert] = rows(self.runtime, StageAlert, StageAlert.appointment_id == visit)
        found: UUID = alert.id
        return found
