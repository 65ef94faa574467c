"""What people were told, over HTTP."""

from __future__ import annotations

from hms.models import AuditEntry
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import actor_of
from tests.support.visits import rows

KEYS = {"id", "type", "title", "message", "priority", "metadata", "createdAt", "readAt"}


def test_one_reads_ones_own(house: HttpHouse, runtime: Runtime) -> None:
    visits = [house.booked(start)["id"] for start in ("09:00", "10:00", "11:00")]
    somebody = house.caller(actor_of(house.new_patient(login=True)))

    reply = house.by_patient.get("/notifications?limit=2")
    rest = house.by_patient.get(f"/notifications?cursor={reply.json['meta']['nextCursor']}")
    told = reply.data + rest.data

    assert set(told[0]) == KEYS
    assert [one["metadata"]["appointmentId"] for one in told] == list(reversed(visits))
    assert (told[0]["type"], told[0]["priority"], told[0]["readAt"]) == ("APPOINTMENT_BOOKED", "NORMAL", None)
    assert somebody.get("/notifications").data == []
    assert somebody.post(f"/notifications/{told[0]['id']}/read").refusal == (404, "NOT_FOUND")
    assert house.admin.post(f"/notifications/{told[0]['id']}/read").refusal == (404, "NOT_FOUND")

    read = house.by_patient.post(f"/notifications/{told[0]['id']}/read")
    assert (read.status, read.data) == (200, None)
    changes = len(rows(runtime, AuditEntry))
    assert house.by_patient.post(f"/notifications/{told[0]['id']}/read").status == 200
    assert len(rows(runtime, AuditEntry)) == changes
    assert len(house.by_patient.get("/notifications?unread=true").data) == 2
    assert somebody.post("/notifications/read-all").data == {"read": 0}
    assert house.by_patient.post("/notifications/read-all").data == {"read": 2}
    assert house.by_patient.get("/notifications?unread=true").data == []


def test_a_doctor_is_told_of_a_cancellation(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    house.by_patient.delete(f"/appointments/{visit['id']}")

    [told] = house.by_doctor.get("/notifications").data

    assert (told["title"], told["priority"]) == ("Last-Minute Cancellation", "HIGH")
    assert told["metadata"]["isLastMinute"] is True


def test_bad_queries(house: HttpHouse) -> None:
    for query in ("unread=perhaps", "limit=0", "cursor=x", "cursor=WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwgMV0"):
        assert house.by_patient.get(f"/notifications?{query}").refusal == (422, "VALIDATION"), query
    assert house.by_patient.post("/notifications/7/read").refusal == (404, "NOT_FOUND")
    assert house.stranger.get("/notifications").refusal == (401, "UNAUTHENTICATED")
