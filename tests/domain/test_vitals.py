"""Plausible measurements: both ends of each range, and what is said of all that is out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hms.domain.errors import Code, DomainError
from hms.domain.vitals import RANGES, USUAL, Measured, is_unusual, require_plausible

PRESSURE: dict[str, Any] = {"systolic": 201, "diastolic": 50}


def refusal(measured: Measured) -> DomainError:
    with pytest.raises(DomainError) as refused:
        require_plausible(measured)
    assert refused.value.code is Code.VALIDATION
    return refused.value


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_are_allowed_and_nothing_beyond(name: str) -> None:
    allowed = RANGES[name]
    whole = Measured(**(PRESSURE if name in PRESSURE else {}))
    said = f"must be from {allowed.least:g} to {allowed.most:g} {allowed.unit}"
    for value in (allowed.least - 1, allowed.most + 1, float("nan")):
        measured: dict[str, Any] = {name: value}
        assert [detail.message for detail in refusal(replace(whole, **measured)).details] == [said]
    partner: dict[str, Any] = {"systolic": {"diastolic": 20}, "diastolic": {"systolic": 300}}.get(name, {})
    for value in (allowed.least, allowed.most):
        require_plausible(Measured(**partner | {name: value}))


def test_all_that_is_wrong_is_named_at_once() -> None:
    error = refusal(Measured(temperature=98.6, sp_o2=101, heart_rate=72, pain=11))
    assert [detail.field for detail in error.details] == ["temperature", "spO2", "pain"]
    assert error.details[0].message == "must be from 25 to 45 °C"


def test_a_blood_pressure_is_two_values_in_order() -> None:
    assert [d.field for d in refusal(Measured(systolic=120)).details] == ["diastolic"]
    assert [d.field for d in refusal(Measured(diastolic=80)).details] == ["systolic"]
    assert refusal(Measured(systolic=80, diastolic=80)).details[0].message == "must be above the diastolic pressure"


def test_nothing_measured_is_nothing_to_record() -> None:
    assert [d.field for d in refusal(Measured()).details] == ["vitals"]


@pytest.mark.parametrize("name", USUAL)
def test_what_is_unusual_is_plausible_all_the_same(name: str) -> None:
    allowed, ordinary = RANGES[name], USUAL[name]
    assert allowed.least <= ordinary.least < ordinary.most <= allowed.most
    assert not is_unusual(name, ordinary.least, 40)
    assert not is_unusual(name, ordinary.most, None)
    assert is_unusual(name, ordinary.least - 1, 40)
    assert is_unusual(name, ordinary.most + 1, None)


def test_children_are_judged_only_by_what_stays_as_they_grow() -> None:
    assert is_unusual("heart_rate", 140, 16)
    assert not is_unusual("heart_rate", 140, 2)
    assert is_unusual("temperature", 39.5, 2)
    assert not is_unusual("heart_rate", None, 40)
    assert not is_unusual("weight", 400, 40)
