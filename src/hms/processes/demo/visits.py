"""Who came when: two months of visits told day by day, today, and the weeks ahead."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from uuid import UUID
from zoneinfo import ZoneInfo

from hms.domain.appointments import Status
from hms.domain.no_shows import NoShowReason, is_rebookable
from hms.processes.demo.calendar import DemoSlot
from hms.processes.demo.people import DemoDoctor, DemoPatient
from hms.processes.demo.roster import Specialty
from hms.processes.demo.seeded import Seeded

HISTORY_DAYS = 61
AHEAD_DAYS = 30
MISSED_SHARE = 0.16
MISSED_SHARE_HABITUAL = 0.82
CANCELLED_SHARE = 0.08
CONFIRMED_SHARE = 0.38
REBOOK_BUFFER = timedelta(minutes=5)
THRESHOLD = 3
OFFICE_OPENS = time(8)
OFFICE_HOURS = 11
DOORS_OPEN = time(8, 56)
"""Nobody is checked in earlier, so that a demo that begins at 08:55 shows the first arrival."""
SWEEP_EVERY = timedelta(minutes=5)
ACCOUNT_SLOT = 9
"""Which slot the patient with the demo account has on their own days."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of state. ``by``: SYSTEM or a role's name; the doctor and the patient are the visit's own."""

    at: datetime
    before: Status | None
    after: Status
    by: str
    reason: str | None = None


@dataclass(slots=True)
class Mark:
    """How a visit was marked as missed; ``count`` is the patient's count after it."""

    at: datetime
    reason: NoShowReason
    release: bool
    count: int


@dataclass(slots=True)
class DemoVisit:
    """One appointment and its life up to the demo's present."""

    id: UUID
    doctor: DemoDoctor
    patient: DemoPatient
    slot: DemoSlot
    steps: list[Step]
    case: tuple[str, str, str, str | None]
    mark: Mark | None = None

    @property
    def booked(self) -> Step:
        """The booking."""
        return self.steps[0]

    @property
    def status(self) -> Status:
        """Where the appointment stands now."""
        return self.steps[-1].after

    def at(self, status: Status) -> datetime | None:
        """Return when the appointment last came into a state, None if it never did."""
        return next((step.at for step in reversed(self.steps) if step.after is status), None)


@dataclass
class Story:
    """Tell the visits in the order of their days, so that a block keeps a patient from booking afterwards."""

    chance: Seeded
    zone: ZoneInfo
    now: datetime
    patients: Sequence[DemoPatient]
    account_days: frozenset[date]
    visits: list[DemoVisit] = field(default_factory=list)
    _pools: dict[str, tuple[list[DemoPatient], list[float]]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The hospital's date."""
        return self.now.astimezone(self.zone).date()

    def tell_day(self, doctor: DemoDoctor, day: date, slots: Sequence[DemoSlot]) -> None:
        """Fill one doctor's day as far as it is booked."""
        full = self._booked_share((day - self.today).days)
        free_at = slots[0].plan.starts_at if slots else self.now
        taken = 0
        for number, slot in enumerate(slots):
            account = self.patients[0] if doctor.has_account and self._is_account_visit(day, number) else None
            not_before = None if account else self._cancelled_before(doctor, slot)
            if taken >= doctor.plan.most_a_day or not (account or self.chance.happens(full)):
                continue
            visit = self._book(doctor, slot, not_before, account)
            if visit is None:
                continue
            taken += 1
            free_at = self._live(visit, free_at, comes=account is not None)
            self._keep(visit)

    def _is_account_visit(self, day: date, number: int) -> bool:
        return number == ACCOUNT_SLOT and day in self.account_days

    @staticmethod
    def _booked_share(offset: int) -> float:
        if offset < 0:
            return 0.72
        if offset == 0:
            return 0.93
        return max(0.88 - 0.028 * offset, 0.06)

    def _cancelled_before(self, doctor: DemoDoctor, slot: DemoSlot) -> datetime | None:
        """Perhaps tell of a booking that was cancelled; return when the slot was free again."""
        if not self.chance.happens(CANCELLED_SHARE):
            return None
        visit = self._book(doctor, slot, None, None)
        if visit is None:
            return None
        last = min(slot.plan.starts_at - timedelta(minutes=30), self.now)
        at = self.chance.instant(visit.booked.at + timedelta(minutes=20), last)
        if not visit.booked.at < at < last:
            return None
        by, why = ("PATIENT", "Cannot come") if self.chance.happens(0.7) else ("RECEPTIONIST", "Patient called")
        visit.steps.append(Step(at, Status.SCHEDULED, Status.CANCELLED, by, why))
        self._keep(visit)
        return at

    def _book(
        self, doctor: DemoDoctor, slot: DemoSlot, not_before: datetime | None, patient: DemoPatient | None
    ) -> DemoVisit | None:
        at = self._booking_time(slot, not_before)
        if at is None:
            return None
        patient = patient or self._somebody(doctor.plan.specialty, slot.plan.day, at)
        if patient is None:
            return None
        by = "PATIENT" if patient.contact.user_id and self.chance.happens(0.6) else "RECEPTIONIST"
        return DemoVisit(
            id=self.chance.id_at(at),
            doctor=doctor,
            patient=patient,
            slot=slot,
            steps=[Step(at, None, Status.SCHEDULED, by)],
            case=self.chance.choice(doctor.plan.specialty.cases),
        )

    def _booking_time(self, slot: DemoSlot, not_before: datetime | None) -> datetime | None:
        """Return when the slot was booked: in office hours, at most 30 days ahead, before now; None if it was not."""
        latest = min(slot.plan.starts_at - timedelta(minutes=10), self.now - timedelta(minutes=2))
        for _ in range(8):
            days = 0 if self.chance.happens(0.12) else min(int(self.chance.expovariate(1 / 8)) + 1, AHEAD_DAYS - 1)
            day = min(slot.plan.day, self.today) if days == 0 else slot.plan.day - timedelta(days=days)
            at = self._wall(day, OFFICE_OPENS) + timedelta(seconds=self.chance.randrange(OFFICE_HOURS * 3600))
            if at < latest and (not_before is None or at > not_before) and (slot.plan.day - day).days <= AHEAD_DAYS:
                return at
        return None

    def _somebody(self, specialty: Specialty, day: date, at: datetime) -> DemoPatient | None:
        if specialty.name not in self._pools:
            pool = [patient for patient in self.patients if patient.weight and patient.suits(specialty)]
            self._pools[specialty.name] = (pool, list(accumulate(patient.weight for patient in pool)))
        pool, weights = self._pools[specialty.name]
        for patient in self.chance.choices(pool, cum_weights=weights, k=12):
            blocked = patient.blocked_at is not None and at >= patient.blocked_at
            if not blocked and day not in patient.days:
                return patient
        return None

    def _live(self, visit: DemoVisit, free_at: datetime, *, comes: bool) -> datetime:
        """Let the visit's day happen; return when the doctor is free again."""
        slot, chance = visit.slot, self.chance
        state = Status.SCHEDULED
        if chance.happens(CONFIRMED_SHARE):
            start = max(visit.booked.at + timedelta(hours=1), slot.plan.starts_at - timedelta(days=2))
            at = chance.instant(start, slot.plan.starts_at - timedelta(minutes=70))
            if start < at < self.now:
                visit.steps.append(Step(at, state, Status.CONFIRMED, "PATIENT"))
                state = Status.CONFIRMED
        if slot.plan.starts_at > self.now + timedelta(hours=1):
            return free_at
        if not comes and self._stays_away(visit.patient):
            self._miss(visit, state)
            return free_at
        return self._attend(visit, state, free_at)

    def _stays_away(self, patient: DemoPatient) -> bool:
        if patient.habitual:
            return patient.blocked_at is not None or self.chance.happens(MISSED_SHARE_HABITUAL)
        return patient.misses < THRESHOLD - 1 and self.chance.happens(MISSED_SHARE)

    def _attend(self, visit: DemoVisit, state: Status, free_at: datetime) -> datetime:
        slot, chance, length = visit.slot, self.chance, visit.slot.plan.ends_at - visit.slot.plan.starts_at
        early = max(
            slot.plan.starts_at - timedelta(minutes=chance.randint(2, 28)), visit.booked.at + timedelta(minutes=3)
        )
        late = chance.happens(0.08)
        arrived = slot.plan.starts_at + length * 0.4 if late else max(early, self._wall(slot.plan.day, DOORS_OPEN))
        began = max(free_at, arrived + timedelta(minutes=2), slot.plan.starts_at - timedelta(minutes=3))
        ended = began + length * chance.uniform(0.5, 0.95)
        life = (
            Step(_whole(arrived), state, Status.CHECKED_IN, "RECEPTIONIST"),
            Step(_whole(began), Status.CHECKED_IN, Status.IN_PROGRESS, "DOCTOR"),
            Step(_whole(ended), Status.IN_PROGRESS, Status.COMPLETED, "DOCTOR"),
        )
        visit.steps += [step for step in life if step.at <= self.now]
        return ended

    def _miss(self, visit: DemoVisit, state: Status) -> None:
        slot, chance, patient = visit.slot, self.chance, visit.patient
        reason, at = NoShowReason.AUTO_TIMEOUT, next_sweep(slot.plan.ends_at)
        kind = chance.random()
        if kind < 0.06:
            reason, at = (
                NoShowReason.MANUAL_STAFF,
                slot.plan.starts_at + (slot.plan.ends_at - slot.plan.starts_at) * 0.6,
            )
        elif kind < 0.12:
            reason = NoShowReason.PATIENT_CALLED
            at = max(visit.steps[-1].at, self._wall(slot.plan.day, OFFICE_OPENS)) + timedelta(
                minutes=chance.randint(3, 50)
            )
            if at >= slot.plan.starts_at:
                reason, at = NoShowReason.AUTO_TIMEOUT, next_sweep(slot.plan.ends_at)
        at = _whole(at)
        if at > self.now:
            return
        patient.misses += 1
        by_hand = reason is not NoShowReason.AUTO_TIMEOUT
        visit.mark = Mark(at, reason, by_hand and is_rebookable(slot.plan.ends_at, at, REBOOK_BUFFER), patient.misses)
        by = "RECEPTIONIST" if by_hand else "SYSTEM"
        visit.steps.append(Step(at, state, Status.NO_SHOW, by, reason.value))
        if patient.misses >= THRESHOLD and patient.blocked_at is None:
            patient.blocked_at = at

    def _keep(self, visit: DemoVisit) -> None:
        visit.patient.days.add(visit.slot.plan.day)
        self.visits.append(visit)

    def _wall(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self.zone)


def next_sweep(due: datetime) -> datetime:
    """Return the first run of the sweep at or after ``due``: every full five minutes."""
    step = int(SWEEP_EVERY.total_seconds())
    return due + timedelta(seconds=-int(due.timestamp()) % step)


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
