"""The demo hospital itself: its staff, the doctors' weeks, what they treat."""

from dataclasses import dataclass
from datetime import time

from hms.domain.people import Role, Sex

CODE = "HMS001"
NAME = "Riverside Teaching Hospital"
ZONE = "Asia/Kolkata"
ADDRESS = "1 River Road"
DOMAIN = "hms001.example"

Hours = tuple[time, time, time | None, time | None]
"""Start, end and the break, in wall time."""


@dataclass(frozen=True, slots=True)
class Specialty:
    """What patients of a specialty come with: (complaint, diagnosis, ICD-10 code, prescription or None)."""

    name: str
    cases: tuple[tuple[str, str, str, str | None], ...]
    youngest: int = 0
    oldest: int = 120
    sex: Sex | None = None


@dataclass(frozen=True, slots=True)
class DoctorPlan:
    """One doctor. ``slot``: minutes; ``hours``: one or two blocks of each working day."""

    first_name: str
    last_name: str
    sex: Sex
    specialty: Specialty
    slot: int
    hours: tuple[Hours, ...]
    most_a_day: int = 30


@dataclass(frozen=True, slots=True)
class LoginPlan:
    """One account that the demo shows. The doctor's and the patient's are made with their records."""

    role: Role
    first_name: str
    last_name: str

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{ADDRESS_OF[self.role]}@{DOMAIN}"


ADDRESS_OF: dict[Role, str] = {
    Role.HOSPITAL_ADMIN: "admin",
    Role.RECEPTIONIST: "reception",
    Role.NURSE: "nurse",
    Role.DOCTOR: "doctor",
    Role.PATIENT: "patient",
}

STAFF = (
    LoginPlan(Role.HOSPITAL_ADMIN, "Farida", "Contractor"),
    LoginPlan(Role.RECEPTIONIST, "Tomasz", "Zieliński"),
    LoginPlan(Role.NURSE, "Grace", "Otieno"),
)

GENERAL = Specialty(
    "General medicine",
    (
        ("Cough and fever for four days", "Acute bronchitis", "J20.9", "Paracetamol 500 mg, three times a day, 5 days"),
        ("Headache and tiredness", "Tension-type headache", "G44.2", "Ibuprofen 400 mg as needed"),
        ("Blood pressure check", "Essential hypertension", "I10", "Amlodipine 5 mg, once a day"),
        ("Stomach pain after meals", "Gastritis", "K29.7", "Omeprazole 20 mg, once a day, 14 days"),
        ("Back pain since last week", "Low back pain", "M54.5", None),
        ("Routine check-up", "General medical examination", "Z00.0", None),
    ),
    youngest=14,
)
CHILDREN = Specialty(
    "Paediatrics",
    (
        ("Runny nose and fever", "Acute upper respiratory infection", "J06.9", "Paracetamol syrup as needed"),
        ("Ear pain at night", "Acute otitis media", "H66.9", "Amoxicillin suspension, 7 days"),
        ("Vaccination", "Routine immunisation", "Z26.9", None),
        ("Growth check", "Routine child health examination", "Z00.1", None),
    ),
    oldest=15,
)
HEART = Specialty(
    "Cardiology",
    (
        ("Chest tightness on stairs", "Stable angina", "I20.8", "Bisoprolol 2.5 mg, once a day"),
        ("Irregular heartbeat", "Atrial fibrillation", "I48.9", "Apixaban 5 mg, twice a day"),
        ("Follow-up after heart attack", "Old myocardial infarction", "I25.2", "Aspirin 75 mg, once a day"),
    ),
    youngest=30,
)
SKIN = Specialty(
    "Dermatology",
    (
        ("Itching rash on both arms", "Atopic dermatitis", "L20.9", "Hydrocortisone cream 1 %, twice a day"),
        ("Acne", "Acne vulgaris", "L70.0", "Benzoyl peroxide gel, once a day"),
        ("Mole to look at", "Melanocytic naevus", "D22.9", None),
    ),
)
BONES = Specialty(
    "Orthopaedics",
    (
        ("Knee pain when walking", "Osteoarthritis of the knee", "M17.9", "Diclofenac gel, three times a day"),
        ("Cast removal", "Fracture of the forearm, healing", "S52.9", None),
        ("Shoulder pain", "Rotator cuff syndrome", "M75.1", None),
    ),
    youngest=6,
)
WOMEN = Specialty(
    "Gynaecology",
    (
        ("Pregnancy check", "Supervision of normal pregnancy", "Z34.9", "Folic acid 400 µg, once a day"),
        ("Irregular periods", "Irregular menstruation", "N92.6", None),
        ("Screening", "Gynaecological examination", "Z01.4", None),
    ),
    youngest=16,
    sex=Sex.FEMALE,
)
THROAT = Specialty(
    "ENT",
    (
        ("Sore throat", "Acute tonsillitis", "J03.9", "Penicillin V 500 mg, 7 days"),
        ("Blocked nose for weeks", "Chronic sinusitis", "J32.9", "Mometasone nasal spray, once a day"),
        ("Hearing worse on one side", "Impacted cerumen", "H61.2", None),
    ),
)
EYES = Specialty(
    "Ophthalmology",
    (
        ("Blurred vision", "Myopia", "H52.1", None),
        ("Red, itching eyes", "Allergic conjunctivitis", "H10.1", "Olopatadine drops, twice a day"),
        ("Cataract follow-up", "Senile cataract", "H25.9", None),
    ),
)
MIND = Specialty(
    "Psychiatry",
    (
        ("Low mood for months", "Moderate depressive episode", "F32.1", "Sertraline 50 mg, once a day"),
        ("Panic attacks", "Panic disorder", "F41.0", None),
    ),
    youngest=18,
)
NERVES = Specialty(
    "Neurology",
    (
        ("Migraine twice a week", "Migraine with aura", "G43.1", "Propranolol 40 mg, twice a day"),
        ("Numb fingers", "Carpal tunnel syndrome", "G56.0", None),
    ),
    youngest=16,
)
HORMONES = Specialty(
    "Endocrinology",
    (
        ("Diabetes check", "Type 2 diabetes mellitus", "E11.9", "Metformin 500 mg, twice a day"),
        ("Always tired, weight gain", "Hypothyroidism", "E03.9", "Levothyroxine 50 µg, once a day"),
    ),
    youngest=18,
)


def _hours(start: str, end: str, pause: str = "") -> Hours:
    first, _, last = pause.partition("-")
    return (
        time.fromisoformat(start),
        time.fromisoformat(end),
        time.fromisoformat(first) if pause else None,
        time.fromisoformat(last) if pause else None,
    )


F, M = Sex.FEMALE, Sex.MALE
DOCTORS = (
    DoctorPlan("Anagha", "Vijayan", F, GENERAL, 15, (_hours("09:00", "17:00", "13:00-14:00"),)),
    DoctorPlan("Kofi", "Asante", M, GENERAL, 20, (_hours("09:00", "16:00", "12:30-13:30"),)),
    DoctorPlan("Lúcia", "Monteiro", F, CHILDREN, 20, (_hours("09:00", "15:00", "12:00-12:40"),)),
    DoctorPlan("Harbhajan", "Dhillon", M, HEART, 30, (_hours("09:00", "17:00", "13:00-14:00"),)),
    DoctorPlan("Mei-Ling", "Tsai", F, SKIN, 15, (_hours("10:00", "16:00", "13:00-13:45"),)),
    DoctorPlan("Ruairí", "Donnelly", M, BONES, 20, (_hours("09:00", "17:00", "12:40-13:40"),)),
    DoctorPlan("Shabnam", "Mirza", F, WOMEN, 30, (_hours("09:30", "16:30", "13:00-13:30"),)),
    DoctorPlan("Jens", "Ødegård", M, THROAT, 15, (_hours("09:00", "12:00"), _hours("16:00", "19:00")), 22),
    DoctorPlan("Yoko", "Amano", F, EYES, 20, (_hours("09:00", "16:00", "12:00-13:00"),)),
    DoctorPlan("Pradip", "Sarkar", M, MIND, 60, (_hours("10:00", "18:00", "13:00-14:00"),)),
    DoctorPlan("Ewa", "Lewandowicz", F, NERVES, 45, (_hours("09:00", "17:00", "13:00-14:00"),)),
    DoctorPlan("Sundar", "Ramanathan", M, HORMONES, 30, (_hours("12:00", "19:00", "15:30-16:00"),)),
)
"""The first one signs in as doctor@hms001.example."""
