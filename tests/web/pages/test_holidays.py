"""Holidays and calendar addresses: previews before changes, an address shown once."""

from __future__ import annotations

import re

from tests.support.clinic import TODAY, Clinic

HTMX = {"HX-Request": "true"}


def test_closing_a_day_shows_whose_visits_lie_on_it(clinic: Clinic) -> None:
    admin = clinic.client(clinic.admin)
    typed = {"name": "Flood", "date": TODAY.isoformat(), "active": "yes"}
    review = admin.post("/calendar/holidays/review", typed, headers=HTMX).text
    assert "4 booked visits lie on this day" in review
    assert "Hiro Tanaka" in review
    assert "No closed days ahead" in admin.get("/calendar/holidays").text
    saved = admin.post("/calendar/holidays/save", typed)
    page = admin.get(saved.headers["Location"]).text
    assert "4 patients are told" in page
    assert "Flood" in page
    assert "The hospital is closed" in clinic.client(clinic.reception).get("/calendar").text
    again = admin.post("/calendar/holidays/review", {**typed, "name": "Again"}, headers=HTMX)
    assert again.status_code == 422
    assert "in the list already" in again.text
    assert 'value="Again"' in again.text
    found = re.search(r"/calendar/holidays/([0-9a-f-]{36})/remove", page)
    assert found is not None
    assert "opens" in admin.get(f"/calendar/holidays/{found[1]}/remove").text
    assert 'value="Flood"' in admin.get(f"/calendar/holidays/{found[1]}").text
    assert admin.post(f"/calendar/holidays/{found[1]}/remove", {"version": 1}).status_code == 303
    assert "Flood" not in admin.get("/calendar/holidays").text


def test_country_is_previewed_then_imported(clinic: Clinic) -> None:
    admin, asked = clinic.client(clinic.admin), {"country": "IN", "year": "2026"}
    review = admin.post("/calendar/holidays/import/review", asked, headers=HTMX).text
    assert "Republic Day" in review
    assert "No closed days ahead" in admin.get("/calendar/holidays").text
    assert admin.post("/calendar/holidays/import", asked).status_code == 303
    assert "Republic Day" in admin.get("/calendar/holidays").text
    assert "Republic Day" in clinic.client(clinic.reception).get("/calendar/month?month=2026-01").text
    wrong = admin.post("/calendar/holidays/import/review", {"country": "XX"}, headers=HTMX)
    assert wrong.status_code == 422
    assert 'id="country-wrong"' in wrong.text


def test_holidays_are_the_admins(clinic: Clinic) -> None:
    for who in (clinic.reception, clinic.doctors[0], clinic.patients["Divya"]):
        client = clinic.client(who)
        assert client.get("/calendar/holidays").status_code == 403
        assert client.post("/calendar/holidays/save", {"name": "x", "date": "2026-02-01"}).status_code == 403


def test_calendar_address_is_made_shown_once_and_taken_back(clinic: Clinic) -> None:
    for who in (clinic.doctors[0], clinic.patients["Divya"]):
        client = clinic.client(who)
        assert "Make my address" in client.get("/my/calendar").text
        made = client.post("/my/calendar").text
        found = re.search(r'value="(https?://[^"]+\.ics)"', made)
        assert found is not None
        assert found[1] not in client.get("/my/calendar").text
        token = found[1].rpartition("/")[2]
        assert client.get(f"/api/v1/calendar-feeds/{token}").status_code == 200
        assert client.post("/my/calendar/revoke").status_code == 303
        assert client.get(f"/api/v1/calendar-feeds/{token}").status_code == 404
    assert clinic.client(clinic.reception).get("/my/calendar").status_code == 403
