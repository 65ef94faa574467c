"""Holidays over HTTP."""

from __future__ import annotations

from typing import Any

from hms.domain.people import Role
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import make_hospital

FRIDAY = "2026-01-23"
KEYS = {"id", "name", "date", "isRecurring", "isActive", "description", "nextDate", "version"}
FOUNDERS = {"name": "Founders' day", "date": FRIDAY}


def created(house: HttpHouse, **values: Any) -> dict[str, Any]:
    reply = house.admin.post("/holidays", FOUNDERS | values)
    assert reply.status == 201
    data: dict[str, Any] = reply.data
    return data


def free(house: HttpHouse) -> int:
    return len(house.by_patient.get(f"/slots/doctor/{house.doctor.id}/date/{FRIDAY}").data)


def test_a_day_is_closed_moved_and_opened(house: HttpHouse) -> None:
    assert free(house) == 14
    booked = house.booked(day=FRIDAY)
    preview = house.admin.post("/holidays?preview=true", FOUNDERS)
    assert (preview.status, free(house)) == (200, 14)

    reply = house.admin.post("/holidays", FOUNDERS)

    assert reply.json["warning"] == preview.json["warning"]
    assert reply.json["warning"]["message"] == "1 existing appointment affected"
    [visit] = reply.json["warning"]["affectedAppointments"]
    assert (visit["id"], visit["date"], visit["time"]) == (booked["id"], FRIDAY, "10:00")
    assert (visit["doctor"][:4], visit["patient"][:4]) == ("Dr. ", "Roy ")
    assert set(reply.data) == KEYS | {"closedDays", "openedDays", "slotsRemoved", "slotsCreated"}
    assert (reply.data["slotsRemoved"], reply.data["closedDays"]) == (13, [FRIDAY])
    assert free(house) == 1

    path = f"/holidays/{reply.data['id']}"
    moved = house.admin.patch(path, {"date": "2026-01-24", "version": 1})
    assert (moved.data["openedDays"], moved.data["closedDays"]) == ([FRIDAY], ["2026-01-24"])
    assert free(house) == 14
    assert house.admin.patch(path, {"date": FRIDAY, "version": 1}).refusal == (409, "STALE_VERSION")
    gone = house.admin.delete(f"{path}?preview=true", headers={"If-Match": "2"})
    assert gone.data == {"id": reply.data["id"], "openedDays": ["2026-01-24"], "slotsCreated": 14}
    assert house.admin.delete(path, headers={"If-Match": '"1"'}).refusal == (409, "STALE_VERSION")
    assert house.admin.delete(path).status == 200
    assert house.admin.delete(path).refusal == (404, "NOT_FOUND")


def test_everybody_reads_what_admins_write(house: HttpHouse, runtime: Runtime) -> None:
    one = created(house, date="2026-03-01", isRecurring=True, description="Every spring")
    hidden = created(house, isActive=False)
    paths = {"post": "/holidays", "patch": f"/holidays/{one['id']}", "delete": f"/holidays/{one['id']}"}
    for role, caller in house.everybody.items():
        shown = caller.get("/holidays")
        assert set(shown.data[0]) == KEYS
        assert [row["id"] for row in shown.data] == (
            [hidden["id"], one["id"]] if role is Role.HOSPITAL_ADMIN else [one["id"]]
        )
        assert shown.json["meta"]["nextCursor"] is None
        if role is not Role.HOSPITAL_ADMIN:
            assert caller.post(paths["post"], FOUNDERS).refusal == (403, "FORBIDDEN")
            assert caller.patch(paths["patch"], {"name": "X"}).refusal == (403, "FORBIDDEN")
            assert caller.delete(paths["delete"]).refusal == (403, "FORBIDDEN")
            assert caller.post("/holidays/import", {"country": "IN", "year": 2026}).refusal == (403, "FORBIDDEN")
    spring = house.by_patient.get("/holidays?from=2027-02-28&to=2027-03-02").data
    assert [row["nextDate"] for row in spring] == ["2026-03-01"]
    assert house.by_patient.get("/holidays?from=2027-03-02&to=2027-03-30").data == []
    assert house.by_patient.get("/holidays?from=2027-03-02&to=2027-03-01").refusal == (422, "VALIDATION")
    stranger = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    assert stranger.get("/holidays").data == []
    assert stranger.patch(paths["patch"], {"name": "X"}).refusal == (404, "NOT_FOUND")
    assert stranger.delete(paths["delete"]).refusal == (404, "NOT_FOUND")


def test_a_countrys_public_holidays_come_in_one_step_and_once(house: HttpHouse) -> None:
    wish = {"country": "in", "subdivision": "MH", "years": [2026, 2027], "year": 2026}
    preview = house.admin.post("/holidays/import?preview=true", wish)
    assert house.admin.get("/holidays").data == []

    reply = house.admin.post("/holidays/import", wish)

    dates = [row["date"] for row in reply.data["created"]]
    assert {"2026-01-26", "2026-05-01", "2027-01-26"} <= set(dates)
    assert dates == sorted(set(dates))
    assert [row["name"] for row in reply.data["created"] if row["date"] == "2026-01-26"] == ["Republic Day"]
    assert len(preview.data["created"]) == len(dates) == len(house.admin.get("/holidays").data)
    again = house.admin.post("/holidays/import", wish)
    assert again.data == {"created": [], "skipped": len(dates), "slotsRemoved": 0}
    assert len(house.admin.get("/holidays").data) == len(dates)


def test_refusals_say_what_there_is(house: HttpHouse) -> None:
    def refused(**wish: Any) -> tuple[str, str, str]:
        reply = house.admin.post("/holidays/import", wish)
        assert reply.status == 422
        error = reply.json["error"]
        return error["code"], error["details"][0]["field"], error["message"]

    code, field, words = refused(country="XX", year=2026)
    assert (code, field) == ("UNKNOWN_COUNTRY", "country")
    assert ", IN, " in words
    code, field, words = refused(country="IN", subdivision="XX", year=2026)
    assert (code, field) == ("UNKNOWN_SUBDIVISION", "subdivision")
    assert "Known regions: AN, AP, AR" in words
    assert refused(country="IN")[:2] == ("VALIDATION", "years")
    assert refused(country="IN", year=1989)[0] == "VALIDATION"
    assert refused(country="IN", years=list(range(2020, 2031)))[0] == "VALIDATION"

    created(house)
    again = house.admin.post("/holidays", FOUNDERS)
    assert again.refusal == (409, "HOLIDAY_EXISTS")
    assert again.json["error"]["message"].startswith("23 January 2026 is in the list already (Founders' day).")
    for body in ({}, FOUNDERS | {"date": "2026-02-30"}, FOUNDERS | {"name": " "}, FOUNDERS | {"closed": True}):
        assert house.admin.post("/holidays", body).refusal == (422, "VALIDATION")
