"""Rows of the hospital's people: staff logins, doctors with their weeks, patients."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from hms.domain.people import (
    Contact,
    PatientStatus,
    Role,
    Sex,
    fold,
    medical_record_number,
    patient_search_text,
    phone_tail,
)
from hms.domain.slots import DayOfWeek
from hms.processes.demo import names
from hms.processes.demo.roster import ADDRESS_OF, CODE, DOCTORS, DOMAIN, STAFF, DoctorPlan, LoginPlan, Specialty
from hms.processes.demo.seeded import Row, Seeded

PATIENTS = 1500
HABITUAL_SHARE = 0.045
"""How many of the patients miss most of their visits and end up blocked."""
LOGIN_SHARE = 0.35
FAMILY_SHARE = 0.07
OFF_DUTY_TODAY = frozenset({10})
_WEEKS = tuple(DayOfWeek)
_LETTERS = str.maketrans("ØøŁłĐđ", "OoLlDd")  # letters that are no accented ones
_DAY_OFF_WEIGHT = (1, 1, 1, 1, 2, 5, 8)


@dataclass(slots=True)
class Login:
    """A user row and what the rest needs of it."""

    id: UUID
    row: Row


@dataclass(slots=True)
class DemoDoctor:
    """A doctor, when they work, and when they are next free on the day being told."""

    id: UUID
    user_id: UUID
    plan: DoctorPlan
    weekdays: frozenset[int]
    contact: Contact
    has_account: bool


@dataclass(slots=True)
class DemoPatient:
    """A patient and their story so far. ``weight``: how often they come; ``habitual``: misses most visits."""

    id: UUID
    row: Row
    contact: Contact
    age: int
    sex: Sex
    weight: float
    habitual: bool
    misses: int = 0
    blocked_at: datetime | None = None
    days: set[date] = field(default_factory=set)

    def suits(self, specialty: Specialty) -> bool:
        """Tell whether this specialty sees such patients."""
        fits = specialty.sex is None or specialty.sex is self.sex
        return fits and specialty.youngest <= self.age <= specialty.oldest


def staff_logins(chance: Seeded, hospital_id: UUID, password_hash: str, since: datetime) -> dict[Role, Login]:
    """Make admin, reception and nurse."""
    return {plan.role: _login(chance, hospital_id, plan, plan.email, password_hash, since) for plan in STAFF}


def doctors(
    chance: Seeded, hospital_id: UUID, password_hash: str, since: datetime, today: date
) -> tuple[list[DemoDoctor], list[Login]]:
    """Make the doctors with their logins; all but one work on today's weekday."""
    made, logins = [], []
    for number, plan in enumerate(DOCTORS):
        name = ADDRESS_OF[Role.DOCTOR] if number == 0 else f"{plan.last_name}".lower()
        login = _login(
            chance,
            hospital_id,
            LoginPlan(Role.DOCTOR, plan.first_name, plan.last_name),
            f"{_ascii(name)}@{DOMAIN}",
            password_hash,
            since,
        )
        contact = Contact(
            name=f"{plan.first_name} {plan.last_name}", user_id=login.id, email=str(login.row["email"]), phone=None
        )
        weekdays = _working_days(chance, today, off_today=number in OFF_DUTY_TODAY)
        made.append(DemoDoctor(chance.id_at(since), login.id, plan, weekdays, contact, number == 0))
        logins.append(login)
    return made, logins


def doctor_row(doctor: DemoDoctor, hospital_id: UUID, since: datetime) -> Row:
    """Return the row of a doctor."""
    return {
        "id": doctor.id,
        "hospital_id": hospital_id,
        "user_id": doctor.user_id,
        "specialization": doctor.plan.specialty.name,
        "slot_duration": doctor.plan.slot,
        "max_patients_per_day": doctor.plan.most_a_day,
        "created_at": since,
    }


def schedule_rows(chance: Seeded, doctor: DemoDoctor, hospital_id: UUID, since: datetime) -> list[Row]:
    """Return the rows of a doctor's week."""
    return [
        {
            "id": chance.id_at(since),
            "hospital_id": hospital_id,
            "doctor_id": doctor.id,
            "day_of_week": _WEEKS[weekday],
            "start_time": start,
            "end_time": end,
            "break_start": pause,
            "break_end": resume,
        }
        for weekday in sorted(doctor.weekdays)
        for start, end, pause, resume in doctor.plan.hours
    ]


def patients(
    chance: Seeded, hospital_id: UUID, password_hash: str, since: datetime, today: date
) -> tuple[list[DemoPatient], list[Login]]:
    """Make the patients; the first signs in as patient@, some others have logins without a usable password."""
    made: list[DemoPatient] = []
    logins: list[Login] = []
    for number in range(PATIENTS):
        patient = _patient(chance, hospital_id, since, today, relative=chance.choice(made) if made else None)
        if number == 0:
            _make_the_account(patient)
        if number == 0 or (patient.age >= 18 and chance.happens(LOGIN_SHARE)):
            plan = LoginPlan(Role.PATIENT, str(patient.row["first_name"]), str(patient.row["last_name"]))
            email = plan.email if number == 0 else f"patient{number}@{DOMAIN}"
            login = _login(chance, hospital_id, plan, email, password_hash if number == 0 else "!", since)
            patient.row["user_id"] = login.id
            patient.row["email"] = email
            logins.append(login)
        patient.contact = _contact(patient)
        made.append(patient)
    return made, logins


def _make_the_account(patient: DemoPatient) -> None:
    patient.row |= {"first_name": "Leela", "last_name": "Fonseca", "sex": Sex.FEMALE}
    patient.row["date_of_birth"] = date(1988, 5, 14)
    patient.row["search_text"] = _search_text(patient.row)
    patient.age, patient.sex, patient.habitual, patient.weight = 37, Sex.FEMALE, False, 0.0


def _patient(
    chance: Seeded, hospital_id: UUID, since: datetime, today: date, relative: DemoPatient | None
) -> DemoPatient:
    sex = Sex.FEMALE if chance.happens(0.54) else Sex.MALE
    origin = names.culture(chance)
    first, last = names.given_name(chance, origin, sex), chance.choice(origin.family)
    family = relative is not None and chance.happens(FAMILY_SHARE)
    age = min(int(chance.choice((chance.uniform(0, 15), chance.uniform(14, 60), chance.gauss(52, 18)))), 96)
    row: Row = {
        "id": chance.id_at(since),
        "hospital_id": hospital_id,
        "user_id": None,
        "mrn": medical_record_number(CODE, chance.choice),
        "first_name": first,
        "last_name": relative.row["last_name"] if relative and family else last,
        "date_of_birth": today - timedelta(days=365 * max(age, 0) + chance.randint(1, 364)),
        "sex": sex,
        # No such numbers are given out: behind +91, mobile numbers begin with 6 to 9.
        "phone": relative.row["phone"] if relative and family else f"+9100{chance.randrange(10**8):08d}",
        "email": f"{_ascii(first)}.{_ascii(last)}@example.org" if chance.happens(0.7) else None,
        "status": PatientStatus.ACTIVE,
    }
    row["search_text"] = _search_text(row)
    row["phone_tail"] = phone_tail(str(row["phone"]))
    habitual = chance.happens(HABITUAL_SHARE)
    return DemoPatient(
        id=row["id"],  # type: ignore[arg-type]
        row=row,
        contact=Contact(name=""),
        age=max(age, 0),
        sex=sex,
        weight=chance.gammavariate(2.0, 0.5) + (0.8 if habitual else 0.0),
        habitual=habitual,
    )


def _search_text(row: Row) -> str:
    return patient_search_text(str(row["first_name"]), str(row["last_name"]), str(row["mrn"]), str(row["phone"] or ""))


def _contact(patient: DemoPatient) -> Contact:
    row = patient.row
    return Contact(
        name=f"{row['first_name']} {row['last_name']}",
        patient_id=patient.id,
        user_id=row["user_id"],  # type: ignore[arg-type]
        email=row["email"],  # type: ignore[arg-type]
        phone=row["phone"],  # type: ignore[arg-type]
    )


def _login(
    chance: Seeded, hospital_id: UUID, plan: LoginPlan, email: str, password_hash: str, since: datetime
) -> Login:
    identifier = chance.id_at(since)
    return Login(
        identifier,
        {
            "id": identifier,
            "hospital_id": hospital_id,
            "email": email,
            "password_hash": password_hash,
            "role": plan.role,
            "first_name": plan.first_name,
            "last_name": plan.last_name,
            "created_at": since,
        },
    )


def _working_days(chance: Seeded, today: date, *, off_today: bool) -> frozenset[int]:
    off = {today.weekday()} if off_today else set()
    others = [day for day in range(7) if day != today.weekday()]
    while len(off) < 2:
        off.add(chance.choices(others, weights=[_DAY_OFF_WEIGHT[day] for day in others])[0])
    return frozenset(range(7)) - off


def _ascii(name: str) -> str:
    return "".join(c for c in fold(name.translate(_LETTERS)) if c.isascii() and c.isalnum()) or "x"
