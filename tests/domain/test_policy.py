from dataclasses import replace

import pytest

from hms.domain.errors import Code, DomainError
from hms.domain.policy import Policy


def test_only_differences_are_stored_and_come_back() -> None:
    policy = replace(Policy(), horizon_days=60, no_show_window_days=180)
    assert policy.differences() == {"horizon_days": 60, "no_show_window_days": 180}
    assert Policy.from_settings(policy.differences()) == policy


def test_settings_of_a_newer_release_are_ignored() -> None:
    assert Policy.from_settings({"invented_later": 1}) == Policy()


def test_nonsense_is_refused_field_by_field() -> None:
    with pytest.raises(DomainError) as caught:
        replace(Policy(), horizon_days=0, no_show_block_threshold=-1).check()
    assert caught.value.code is Code.VALIDATION
    assert {detail.field for detail in caught.value.details} == {"horizonDays", "noShowBlockThreshold"}


@pytest.mark.parametrize("days", [(0, 0), (-1,), (31,), (0, 1, 2, 3, 4)])
def test_reminders_come_a_few_times_within_a_month(days: tuple[int, ...]) -> None:
    with pytest.raises(DomainError) as caught:
        replace(Policy(), reminder_days_before=days).check()
    assert [detail.field for detail in caught.value.details] == ["reminderDaysBefore"]
    replace(Policy(), reminder_days_before=(0, 1, 7)).check()


def test_lists_come_back_from_json_as_they_were() -> None:
    policy = replace(Policy(), reminder_days_before=(0, 7))
    assert Policy.from_settings({"reminder_days_before": [0, 7]}) == policy
    assert Policy.from_settings(policy.differences()) == policy


def test_the_defaults_are_the_rules() -> None:
    policy = Policy()
    policy.check()
    assert (policy.horizon_days, policy.booking_days_ahead, policy.rebook_buffer_minutes) == (30, 30, 5)
    assert (policy.no_show_block_threshold, policy.no_show_catch_up_hours) == (3, 48)
