"""The audit trail and outgoing messages over HTTP."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import update

from hms.domain.messages import Channel, MessageStatus
from hms.domain.people import Role
from hms.models import OutgoingMessage
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import make_hospital


def test_every_change_is_in_the_trail(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    house.nurse.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})

    rows = house.admin.get(f"/admin/audit?entityId={visit['id']}").data

    assert set(rows[0]) == {
        "seq",
        "at",
        "actorId",
        "actorName",
        "actorRole",
        "action",
        "entity",
        "entityId",
        "details",
    }
    assert [row["action"] for row in rows] == ["appointment.status", "appointment.booked"]
    assert (rows[0]["actorRole"], rows[0]["actorId"]) == ("NURSE", str(house.nurse.actor.user_id))
    assert rows[0]["actorName"].startswith("Nurse Nr")
    assert rows[0]["details"]["after"] == "CHECKED_IN"

    reception = house.reception.actor.user_id
    for query in (f"actorId={reception}", "action=appointment.b", "action=appointment.booked"):
        found = house.admin.get(f"/admin/audit?entity=appointment&{query}").data
        assert [row["entityId"] for row in found] == [visit["id"]], query
    assert house.admin.get("/admin/audit?action=appointment_b").data == []


def test_the_trail_is_read_in_parts(house: HttpHouse) -> None:
    for start in ("10:00", "11:00", "12:00"):
        house.booked(start)

    first = house.admin.get("/admin/audit?entity=appointment&limit=2")
    second = house.admin.get(f"/admin/audit?entity=appointment&limit=2&cursor={first.json['meta']['nextCursor']}")

    seqs = [row["seq"] for reply in (first, second) for row in reply.data]
    assert len(seqs) == 3
    assert seqs == sorted(seqs, reverse=True)
    for cursor in ("WyJ4Il0", "W3RydWVd", "Wy0xXQ", "WzFlMzBd", "WzFlNDAwXQ", "e30"):
        assert house.admin.get(f"/admin/audit?cursor={cursor}").refusal == (422, "VALIDATION"), cursor


def test_a_failed_message_is_sent_again(house: HttpHouse, runtime: Runtime) -> None:
    house.booked("10:00")
    with runtime.database.writing() as session:
        failed = {"status": MessageStatus.FAILED, "attempts": 4, "last_error": "mailbox full"}
        session.execute(update(OutgoingMessage).where(OutgoingMessage.channel == Channel.EMAIL).values(failed))

    [message] = house.admin.get("/admin/messages?status=FAILED").data
    assert set(message) == {
        "id",
        "channel",
        "address",
        "status",
        "attempts",
        "nextAttemptAt",
        "lastError",
        "createdAt",
        "deliveredAt",
        "type",
        "title",
    }
    assert (message["channel"], message["lastError"]) == ("email", "mailbox full")

    again = house.admin.post(f"/admin/messages/{message['id']}/resend")
    assert (again.data["status"], again.data["attempts"]) == ("PENDING", 0)
    assert house.admin.post(f"/admin/messages/{message['id']}/resend").refusal == (409, "CONFLICT")

    everything = house.admin.get("/admin/messages").data
    assert {row["channel"] for row in everything} == {"email", "sms"}
    assert [row["channel"] for row in house.admin.get("/admin/messages?channel=in_app").data] == ["in_app"]
    first = house.admin.get("/admin/messages?limit=1")
    second = house.admin.get(f"/admin/messages?limit=1&cursor={first.json['meta']['nextCursor']}")
    assert [row["id"] for row in first.data + second.data] == [row["id"] for row in everything]


def test_both_are_the_admins_of_this_hospital(house: HttpHouse, runtime: Runtime) -> None:
    house.booked("10:00")
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    message = house.admin.get("/admin/messages").data[0]["id"]
    for role, caller in house.everybody.items():
        wanted = 200 if role is Role.HOSPITAL_ADMIN else 403
        assert caller.get("/admin/audit").status == wanted, role
        assert caller.get("/admin/messages").status == wanted, role
        if role is not Role.HOSPITAL_ADMIN:
            assert caller.post(f"/admin/messages/{message}/resend").refusal == (403, "FORBIDDEN")
    assert foreign.get("/admin/audit").data == []
    assert foreign.get("/admin/messages").data == []
    assert foreign.post(f"/admin/messages/{message}/resend").refusal == (404, "NOT_FOUND")
    assert house.admin.post(f"/admin/messages/{uuid4()}/resend").refusal == (404, "NOT_FOUND")
    assert house.admin.get("/admin/messages?status=LOST").refusal == (422, "VALIDATION")
