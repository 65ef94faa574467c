"""Figures by API: for admins alone, of their own hospital, kept for five minutes, counted anew when asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, counted_statements
from tests.support.factories import make_doctor, make_hospital

PATHS = (
    "/admin/metrics/no-shows",
    "/admin/metrics/no-shows/by-doctor",
    "/admin/metrics/no-shows/by-day",
    "/admin/metrics/no-shows/by-week",
    "/admin/metrics/penalties/by-patient",
    "/admin/metrics/penalties/by-doctor",
    "/admin/metrics/utilisation",
    "/admin/metrics/waiting-times",
    "/admin/metrics/lead-times",
    "/admin/metrics/reminders",
    "/admin/dashboard-stats",
)


@pytest.fixture
def missed(house: HttpHouse, clock: FixedClock) -> dict[str, Any]:
    """Have one visit of today missed and another cancelled."""
    visit = house.booked("09:00")
    other = house.booked("10:00")
    house.reception.delete(f"/appointments/{other['id']}")
    clock.advance(timedelta(minutes=20))
    assert house.reception.post(f"/no-show/{visit['id']}", {"reason": "MANUAL_STAFF"}).status == 200
    return visit


@pytest.mark.parametrize("path", PATHS)
def test_figures_are_for_admins(house: HttpHouse, path: str) -> None:
    for role, caller in house.everybody.items():
        assert caller.get(path).status == (200 if role is Role.HOSPITAL_ADMIN else 403)
    assert house.stranger.get(path).status == 401


@pytest.mark.usefixtures("missed")
def test_figures_tell_what_happened(house: HttpHouse) -> None:
    def ask(path: str) -> Any:
        return house.admin.get(f"/admin/{path}").data["figures"]

    totals = ask("metrics/no-shows")
    expected = {"appointments": 2, "attended": 0, "noShows": 1, "cancelled": 1, "noShowRate": "100.0%"}
    assert (totals["first"], totals["last"], totals["counts"]) == ("2025-12-24", "2026-01-22", expected)
    assert totals["trend"] == {"direction": "UNKNOWN", "points": None}
    assert (totals["byReason"]["MANUAL_STAFF"], totals["slotsReleased"], totals["justified"]) == (1, 1, 0)
    [doctor] = ask("metrics/no-shows/by-doctor")["rows"]
    assert (doctor["doctorId"], doctor["counts"]) == (str(house.doctor.id), expected)
    days = ask("metrics/no-shows/by-day?from=2026-01-21&to=2026-01-23")["rows"]
    assert [(day["first"], day["counts"]["noShows"]) for day in days] == [
        ("2026-01-21", 0),
        ("2026-01-22", 1),
        ("2026-01-23", 0),
    ]
    weeks = ask("metrics/no-shows/by-week?from=2026-01-21&to=2026-01-27")["rows"]
    assert [(week["first"], week["last"], week["counts"]["noShows"]) for week in weeks] == [
        ("2026-01-21", "2026-01-25", 1),
        ("2026-01-26", "2026-01-27", 0),
    ]
    [patient] = ask("metrics/penalties/by-patient")["rows"]
    struck = {"penalties": 1, "counting": 1, "waived": 0, "justified": 0, "takenBack": 0}
    assert (patient["mrn"], patient["numbers"], patient["noShowCount"]) == (house.patient.mrn, struck, 1)
    assert ask("metrics/penalties/by-doctor")["rows"][0]["numbers"] == struck
    times = ask("metrics/utilisation?from=2026-01-22&to=2026-01-22")["times"]
    assert (times["slotsOffered"], times["minutesOffered"], times["released"], times["minutesLost"]) == (14, 420, 2, 30)
    assert ask("dashboard-stats")["today"]["noShows"] == 1


def test_figures_are_kept_for_five_minutes_and_counted_anew_when_asked(
    house: HttpHouse, machine_clock: FixedClock, missed: dict[str, Any]
) -> None:
    path = "/admin/metrics/no-shows"
    with time_machine.travel("2026-01-22T03:25:00Z", tick=False) as time:

        def later(**by: int) -> None:
            time.shift(timedelta(**by))
            machine_clock.advance(timedelta(**by))

        first = house.admin.get(path).data
        assert first["ageSeconds"] == 0
        late = house.reception.post(f"/no-show/{missed['id']}/late-arrival", {})
        assert late.status == 200
        later(seconds=100)
        with counted_statements(house.runtime) as statements:
            again = house.admin.get(path).data
        assert again == first | {"ageSeconds": 100}
        assert len(statements) == 1  # who asks
        fresh = house.admin.get(f"{path}?refresh=true").data
        assert (fresh["ageSeconds"], fresh["figures"]["counts"]["noShows"]) == (0, 0)
        later(minutes=5, seconds=1)
        assert house.admin.get(path).data["ageSeconds"] == 0


def test_a_doctor_is_the_hospitals_own(runtime: Runtime, house: HttpHouse) -> None:
    foreign = make_doctor(runtime, make_hospital(runtime, "HMS002"))
    for path in PATHS:
        assert house.admin.get(f"{path}?doctorId={house.doctor.id}").status == 200
        assert house.admin.get(f"{path}?doctorId={foreign.id}").refusal == (404, "NOT_FOUND")


@pytest.mark.usefixtures("missed")
def test_another_hospitals_rows_and_kept_answers_stay_theirs(runtime: Runtime, house: HttpHouse) -> None:
    assert house.admin.get("/admin/metrics/no-shows").data["figures"]["counts"]["noShows"] == 1
    other = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    assert other.get("/admin/metrics/no-shows").data["figures"]["counts"]["appointments"] == 0
    assert other.get("/admin/metrics/no-shows/by-doctor").data["figures"]["rows"] == []
    assert other.get("/admin/metrics/penalties/by-patient").data["figures"]["patients"] == 0


@pytest.mark.parametrize("query", ["from=2026-01-22&to=2026-01-21", "from=2020-01-01&to=2026-01-01", "to=22.1.2026"])
def test_a_period_that_makes_no_sense_is_refused(house: HttpHouse, query: str) -> None:
    assert house.admin.get(f"/admin/metrics/no-shows?{query}").refusal == (422, "VALIDATION")


def test_three_years_are_told_at_once(house: HttpHouse) -> None:
    course = house.admin.get("/admin/metrics/no-shows/by-day?from=2023-01-23&to=2026-01-22").data["figures"]
    assert (len(course["rows"]), len(course["before"])) == (1096, 1096)
