"""The week editor: what is typed is pictured, mistakes stand beside their row, consequences come before saving."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from hms.domain.slots import DayOfWeek
from hms.queries import schedules
from hms.web.pages import week_view
from tests.support.clinic import Clinic
from tests.support.factories import actor_of

HTMX = {"HX-Request": "true"}
Typed = tuple[str, str, str, str, str]


def form(*rows: Typed, minutes: str = "30", **more: str) -> dict[str, Any]:
    """Build the form of some rows: day, start, end, break start, break end."""
    names = ("day", "start", "end", "breakStart", "breakEnd")
    columns = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    return {**columns, "minutes": minutes, **more}


def total(html: str) -> int:
    found = re.search(r"<strong>(\d+)</strong> slots? a week", html)
    assert found is not None
    return int(found[1])


MONDAY: Typed = ("MONDAY", "09:00", "17:00", "13:00", "14:00")
THURSDAY: Typed = ("THURSDAY", "09:00", "11:00", "", "")


@pytest.mark.parametrize(("minutes", "slots"), [("15", 28), ("20", 21), ("30", 14), ("45", 9), ("60", 7)])
def test_picture_counts_the_slots(minutes: str, slots: int) -> None:
    typed = week_view.read_form(MultiDict([*_pairs(MONDAY), ("minutes", minutes)]), 30)
    week = week_view.look(typed)
    assert week.is_good
    assert week.total == slots
    assert [len(day.slots) for day in week.days] == [slots, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("row", "name", "words"),
    [
        (("MONDAY", "", "17:00", "", ""), "start", "Give the start"),
        (("MONDAY", "9", "x", "", ""), "end", "Give a time"),
        (("MONDAY", "09:00", "08:00", "", ""), "end", "must be after the start"),
        (("MONDAY", "09:00", "17:00", "12:00", ""), "breakEnd", "both"),
        (("MONDAY", "09:00", "17:00", "18:00", "19:00"), "breakStart", "inside the hours"),
    ],
)
def test_mistake_stands_at_its_field(row: Typed, name: str, words: str) -> None:
    week = week_view.look(week_view.read_form(MultiDict([*_pairs(THURSDAY), *_pairs(row)]), 30))
    assert not week.is_good
    assert words in week.errors[0][name]  # Monday comes first
    assert len(week.days[3].slots) == 4  # the good row is drawn all the same


def test_times_are_read_as_people_type_them() -> None:
    week = week_view.look(week_view.read_form(MultiDict(_pairs(("MONDAY", "9", "1730", "12.30", "13:15"))), 30))
    assert week.typed.rows[0] == week_view.Row("MONDAY", "09:00", "17:30", "12:30", "13:15")


def test_buttons_add_copy_draw_and_remove() -> None:
    base = _pairs(MONDAY)
    added = week_view.read_form(MultiDict([*base, ("add", "MONDAY")]), 30)
    assert [row.start for row in added.rows] == ["09:00", "18:00"]
    copied = week_view.read_form(MultiDict([*base, ("copy", "MONDAY")]), 30)
    assert [row.day for row in copied.rows] == [day.value for day in list(DayOfWeek)[:5]]
    drawn = week_view.read_form(
        MultiDict([*base, ("drawDay", "SUNDAY"), ("drawStart", "10:00"), ("drawEnd", "12:00")]), 30
    )
    assert drawn.rows[-1] == week_view.Row("SUNDAY", "10:00", "12:00")
    assert week_view.read_form(MultiDict([*base, ("remove", "0")]), 30).rows == ()


def test_page_shows_the_present_week_and_a_change_at_once(clinic: Clinic) -> None:
    own = clinic.client(clinic.doctors[0])
    html = own.get("/calendar/week").text
    assert total(html) > 20
    assert "an administrator can change it" in html
    path = f"/calendar/week/{clinic.doctors[0].id}"
    answer = own.post(f"{path}/picture", form(MONDAY), headers=HTMX)
    assert total(answer.text) == 14
    wrong = own.post(f"{path}/picture", form(("MONDAY", "09:00", "08:00", "", "")), headers=HTMX)
    assert wrong.status_code == 200
    assert "must be after the start" in wrong.text
    assert 'value="08:00"' in wrong.text
    assert own.post(f"{path}/review", form(("MONDAY", "09:00", "08:00", "", "")), headers=HTMX).status_code == 422


def test_saving_shows_first_who_is_affected_and_changes_nothing(clinic: Clinic) -> None:
    admin, doctor = clinic.client(clinic.admin), clinic.doctors[0]
    actor, path = actor_of(clinic.admin), f"/calendar/week/{clinic.doctors[0].id}"
    before = clinic.runtime.read(schedules.week, actor, doctor.id)
    review = admin.post(f"{path}/review", form(MONDAY, THURSDAY), headers=HTMX).text
    assert "2 booked visits fall outside" in review  # 11:00 and 12:00; what has begun is not ahead
    assert "Divya Rao" in review
    assert clinic.runtime.read(schedules.week, actor, doctor.id) == before
    saved = admin.post(f"{path}/save", form(MONDAY, THURSDAY))
    assert saved.status_code == 303
    assert len(clinic.runtime.read(schedules.week, actor, doctor.id)) == 2
    assert "told" in admin.get(saved.headers["Location"]).text


def test_slot_length_is_the_admins_and_changes_with_the_week(clinic: Clinic) -> None:
    doctor = clinic.doctors[0]
    path = f"/calendar/week/{doctor.id}/save"
    refused = clinic.client(doctor).post(path, form(MONDAY, THURSDAY, minutes="20"))
    assert refused.status_code == 403
    stale = clinic.client(clinic.admin).post(path, form(MONDAY, THURSDAY, minutes="20", version="99"))
    assert stale.status_code == 409
    done = clinic.client(clinic.admin).post(path, form(MONDAY, THURSDAY, minutes="20", version="1"))
    assert done.status_code == 303
    assert total(clinic.client(doctor).get("/calendar/week").text) == 21 + 6


def test_another_doctors_week_is_not_edited(clinic: Clinic) -> None:
    other = clinic.client(clinic.doctors[1])
    for verb in ("picture", "review", "save"):
        answer = other.post(f"/calendar/week/{clinic.doctors[0].id}/{verb}", form(MONDAY))
        assert answer.status_code == 403, verb
    assert clinic.client(clinic.reception).get("/calendar/week").status_code == 403


def test_unavailable_shows_its_consequences_and_comes_back(clinic: Clinic) -> None:
    admin, path = clinic.client(clinic.admin), f"/calendar/week/{clinic.doctors[1].id}/availability"
    form_page = admin.get(path).text
    assert "2 booked visits are cancelled at once" in form_page
    assert "Grace Rao" in form_page
    assert "Fatima" not in form_page  # her visit has begun
    assert clinic.client(clinic.doctors[1]).get(path).status_code == 403
    assert admin.post(path, {"available": "no", "version": 1}).status_code == 303
    week = admin.get(f"/calendar/week?doctor={clinic.doctors[1].id}").text
    assert "takes no patients at present" in week
    version = re.search(r'name="version" value="(\d+)"', week)
    assert version is not None
    admin.post(path, {"available": "yes", "version": version[1]})
    assert "takes no patients" not in admin.get(f"/calendar/week?doctor={clinic.doctors[1].id}").text


def _pairs(row: Typed) -> list[tuple[str, str]]:
    return list(zip(("day", "start", "end", "breakStart", "breakEnd"), row, strict=True))
