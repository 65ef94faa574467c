"""How many SQL statements each route of a visit sends, the one that tells who asks included.

A number that rises here is a route that became slower for everybody: look before you write a larger one. The numbers
are SQLite's; PostgreSQL takes the rows of several tables in one statement.
"""

from __future__ import annotations

from typing import Any

from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse, counted_statements
from tests.support.factories import actor_of, make_doctor

MEASURED = {"systolic": 120, "diastolic": 80}
WORDS = {"chiefComplaint": "Cough", "diagnosis": [{"text": "Bronchitis"}]}

COUNTS = {
    "PATCH confirm": 6,
    "PATCH notes": 5,
    "PATCH check in": 7,
    "PATCH undo check-in": 7,
    "POST vitals": 10,
    "POST vitals again": 8,
    "GET vitals": 3,
    "POST consultations": 9,
    "GET consultation": 2,
    "PATCH consultation": 7,
    "POST participants": 15,
    "GET participants": 4,
    "DELETE participants": 7,
    "POST notes": 11,
    "GET notes": 3,
    "POST abandon": 11,
    "POST complete": 10,
    "GET events": 3,
    "GET calendar.ics": 2,
    "DELETE by patient": 15,
}


class Counting:
    """Sends requests and keeps how many statements each took."""

    def __init__(self, house: HttpHouse) -> None:
        self.house = house
        self.counts: dict[str, int] = {}

    def send(self, name: str, who: Caller, path: str, body: Any = None) -> Any:
        """Send ``METHOD words``, and return what comes back."""
        with counted_statements(self.house.runtime) as statements:
            reply = who.send(name.split(maxsplit=1)[0], path, body)
        assert reply.json["success"], reply.json
        self.counts[name] = len(statements)
        return reply.data


def test_of_every_route_on_a_visits_way(house: HttpHouse, runtime: Runtime) -> None:
    house.admin.post(f"/slots/generate/{house.doctor.id}", {"days": 0})
    for start in ("09:00", "09:30", "10:00", "10:30"):
        other = house.booked(start, house.new_patient())
        house.reception.patch(f"/appointments/{other['id']}/status", {"status": "CHECKED_IN"})
    colleagues = [make_doctor(runtime, house.hospital) for _ in range(3)]
    count = Counting(house)
    visit = f"/appointments/{house.booked('11:00')['id']}"
    state = f"{visit}/status"

    count.send("PATCH confirm", house.by_patient, state, {"status": "CONFIRMED"})
    count.send("PATCH notes", house.reception, visit, {"notes": "Wheelchair"})
    count.send("PATCH check in", house.reception, state, {"status": "CHECKED_IN"})
    count.send("PATCH undo check-in", house.reception, state, {"status": "SCHEDULED"})
    house.reception.patch(state, {"status": "CHECKED_IN"})
    count.send("POST vitals", house.nurse, f"{visit}/vitals", MEASURED)
    count.send("POST vitals again", house.nurse, f"{visit}/vitals", MEASURED | {"correctionReason": "Slip"})
    count.send("GET vitals", house.nurse, f"{visit}/vitals")
    started = count.send("POST consultations", house.by_doctor, "/consultations", {"appointmentId": visit[-36:]})
    consultation = f"/consultations/{started['id']}"
    asked = f"{consultation}/participants"
    count.send("GET consultation", house.by_doctor, consultation)
    count.send("PATCH consultation", house.by_doctor, consultation, WORDS)
    for doctor in colleagues:
        count.send("POST participants", house.by_doctor, asked, {"doctorId": str(doctor.id)})
    count.send("GET participants", house.by_doctor, asked)
    count.send("DELETE participants", house.by_doctor, f"{asked}/{colleagues[0].id}")
    count.send("POST notes", house.caller(actor_of(colleagues[1])), f"{consultation}/notes", {"text": "X-ray"})
    count.send("GET notes", house.by_doctor, f"{consultation}/notes")
    count.send("POST abandon", house.by_doctor, f"{consultation}/abandon", {"reason": "Fire alarm"})
    again = house.by_doctor.post("/consultations", {"appointmentId": visit[-36:]}).data["id"]
    count.send("POST complete", house.by_doctor, f"/consultations/{again}/complete", WORDS)
    count.send("GET events", house.by_patient, f"{visit}/events")
    with counted_statements(runtime) as statements:
        house.by_patient.get(f"{visit}/calendar.ics")
    count.counts["GET calendar.ics"] = len(statements)
    later = house.booked("15:00")
    count.send("DELETE by patient", house.by_patient, f"/appointments/{later['id']}")
    if runtime.database.dialect == "sqlite":
        assert count.counts == COUNTS
    assert {name: most for name, most in count.counts.items() if most > COUNTS[name]} == {}
