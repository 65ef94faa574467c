import random
import re

import pytest

from hms.domain.people import fold, medical_record_number, patient_search_text


def test_record_numbers_have_the_hospitals_code_and_twelve_base_36_characters() -> None:
    choice = random.Random(1).choice
    numbers = {medical_record_number("HMS001", choice) for _ in range(200)}
    assert len(numbers) == 200
    assert all(re.fullmatch(r"HMS001-[0-9A-Z]{12}", number) for number in numbers)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("müller", "Muller"), ("ÅSE", "ase"), ("straße", "STRASSE"), ("Nguyễn", "nguyen"), ("  İpek ", "ipek")],
)
def test_folding_forgets_case_and_accents(typed: str, found: str) -> None:
    assert fold(typed) == fold(found)


def test_search_text_holds_both_orders_of_the_name_the_number_and_the_phones_digits() -> None:
    text = patient_search_text("José", "Muñoz", "HMS001-MKEVX0F35AIU", "+34 600-123 456")
    for needle in ("jose munoz", "munoz jose", "hms001-mkevx0f35aiu", "34600123456"):
        assert needle in text
