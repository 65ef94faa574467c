"""The board: who sees it, what it counts, what its address keeps, how it follows changes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from hms.domain.people import Role
from tests.support.clinic import HOSTILE, TODAY, Clinic, open_clinic
from tests.support.factories import make_hospital, make_patient, make_user

HTMX = {"HX-Request": "true"}


def names(html: str) -> list[str]:
    return re.findall(r'class="name"[^>]*>([^<]+)</a>', html)


def figures(html: str) -> dict[str, int]:
    return {key: int(number) for key, number in re.findall(r'id="figure-(\w+)"[^>]*><strong>(\d+)', html)}


def test_shows_the_day_in_order_and_counts_it(clinic: Clinic) -> None:
    html = clinic.client(clinic.reception).get("/board").text
    assert [name.split()[0] for name in names(html)] == [
        "Asha",
        "Björn",
        "Chidi",
        "Fatima",
        "Divya",
        "Grace",
        "Emeka",
        "Hiro",
    ]
    assert figures(html) == {"expected": 5, "late": 1, "here": 1, "doctor": 1, "done": 1, "missed": 0}
    assert "Thursday" in html


def test_filters_live_in_the_address(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    for query, shown in (
        ("?state=late", ["Chidi"]),
        ("?state=expected&part=afternoon", ["Emeka", "Hiro"]),
        ("?q=muller", ["Björn"]),
        ("?q=rao", ["Divya", "Grace"]),
        ("?part=nonsense&state=nonsense&doctor=nonsense&day=nonsense&q=asha", ["Asha"]),
        ("?day=2026-01-23", []),
    ):
        assert [name.split()[0] for name in names(desk.get(f"/board{query}").text)] == shown, query


def test_search_finds_record_number_and_phone(clinic: Clinic) -> None:
    desk, patient = clinic.client(clinic.reception), clinic.patients["Hiro"]
    assert patient.phone is not None
    spaced = f"{patient.phone[1:6]} {patient.phone[6:]}"
    assert names(desk.get("/board", query_string={"q": patient.mrn.lower()}).text) == ["Hiro Tanaka"]
    assert names(desk.get("/board", query_string={"q": spaced}).text) == ["Hiro Tanaka"]


def test_doctor_sees_own_day_first_and_others_on_request(clinic: Clinic) -> None:
    doctor = clinic.client(clinic.doctors[1])
    assert [name.split()[0] for name in names(doctor.get("/board").text)] == ["Fatima", "Grace", "Hiro"]
    assert len(names(doctor.get("/board?doctor=all").text)) == 8
    assert ">Start</button>" in doctor.get("/board").text
    assert ">Start</button>" not in doctor.get(f"/board?doctor={clinic.doctors[0].id}").text


def test_hostile_name_stays_text(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    pages = ["/board", f"/visits/{clinic.visits['Emeka']}", f"/visits/{clinic.visits['Emeka']}/no-show"]
    for path in [*pages, "/board?q=%3Cscript%3Ealert"]:
        html = desk.get(path).text
        assert HOSTILE not in html, path
        assert "&lt;script&gt;alert" in html, path


def test_number_of_statements_does_not_grow_with_the_day(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    statements: list[str] = []

    def note(*given: Any) -> None:
        if not given[2].startswith("BEGIN"):
            statements.append(given[2])

    event.listen(clinic.runtime.database.reader, "before_cursor_execute", note)
    desk.get("/board")
    assert len(statements) <= 4, statements  # who asks, their hospital, the version, the day
    statements.clear()
    tag = desk.get("/board/live").headers["ETag"]
    statements.clear()
    assert desk.get("/board/live", headers={"If-None-Match": tag}).status_code == 304
    assert len(statements) <= 3, statements
    event.remove(clinic.runtime.database.reader, "before_cursor_execute", note)


def test_live_part_changes_with_a_change_and_with_the_minute(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    first = desk.get("/board/live").headers["ETag"]
    assert desk.get("/board/live", headers={"If-None-Match": first}).status_code == 304
    assert desk.get("/board/live?state=late", headers={"If-None-Match": first}).status_code == 200
    clinic.check_in("Chidi")
    second = desk.get("/board/live", headers={"If-None-Match": first})
    assert second.status_code == 200
    assert figures(second.text)["here"] == 2
    clinic.clock.advance(timedelta(minutes=1))
    assert desk.get("/board/live", headers={"If-None-Match": second.headers["ETag"]}).status_code == 200


def test_page_whose_version_was_shown_is_the_newest(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    shown = re.search(r'data-tag="(\w+)"', desk.get("/board?state=late").text)
    assert shown is not None
    again = desk.get("/board/live?state=late", headers={"If-None-Match": f'"{shown[1]}"'})
    assert again.status_code == 304


def test_enter_checks_in_the_one_match(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    answer = desk.post("/board/enter", {"q": "chidi"}, headers=HTMX)
    assert answer.headers["HX-Trigger"] == "checked-in"
    assert "Chidi Okafor is here" in answer.text
    assert figures(answer.text)["here"] == 2


def test_enter_says_why_nobody_was_checked_in(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    for q, says in (("rao", "2 people"), ("asha", "still expected"), ("nobody", "Nobody called")):
        assert says in desk.post("/board/enter", {"q": q}, headers=HTMX).text, q
    assert figures(desk.get("/board").text)["here"] == 1


def test_patient_may_not_see_the_board(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    assert divya.get("/board").status_code == 403
    assert divya.get("/board/live").status_code == 403
    assert divya.get(f"/visits/{clinic.visits['Divya']}").status_code == 403


def test_another_hospitals_day_does_not_exist(clinic: Clinic) -> None:
    other = make_hospital(clinic.runtime, "HMS002")
    make_patient(clinic.runtime, other)
    stranger = clinic.client(make_user(clinic.runtime, other, Role.RECEPTIONIST))
    assert names(stranger.get("/board").text) == []
    visit = f"/visits/{clinic.visits['Chidi']}"
    assert stranger.get(visit).status_code == 404
    assert stranger.get(f"{visit}/calendar.ics").status_code == 404
    assert stranger.post(f"{visit}/check-in").status_code == 404
    assert figures(clinic.client(clinic.reception).get("/board").text)["here"] == 1


def test_twelve_hour_locale_writes_am_and_pm(runtime: Any, clock: Any) -> None:
    clinic = open_clinic(runtime, clock, locale="en-US")
    html = clinic.client(clinic.reception).get("/board").text
    assert "10:30 am" in html
    assert "3:00 pm" in html
    assert TODAY.isoformat() not in html
