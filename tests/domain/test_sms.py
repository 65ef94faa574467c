"""Text messages are counted as networks count them."""

import pytest

from hms.domain.sms import sms_segments, thrifty


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("@£ñÑéàüÇ¿¡\n" * 14, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the euro sign goes to the second part as a whole
        ("á", 1),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("á" * 134, 2),
        ("á" * 135, 3),
        ("ç" + "a" * 70, 2),
        ("डॉ. राव" * 10, 1),
        ("डॉ. राव" * 10 + "!", 2),
        ("موعد" * 17, 1),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),  # 33 pairs in a part, never torn
    ],
)
def test_segments(text: str, segments: int) -> None:
    assert sms_segments(text) == segments


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Cita: Dr. Muñoz, sáb 3 feb", "Cita: Dr. Muñoz, sáb 3 feb"),  # one segment as it is: nothing to gain
        ("São João … " + "a" * 70, "Sao Joao ... " + "a" * 70),
        ("Até “já” – às 9 h" + "a" * 70, 'Até "ja" - às 9 h' + "a" * 70),
        ("É às 9, año" + "a" * 70, "É às 9, año" + "a" * 70),
        ("डॉ. राव é " * 10, "डॉ. राव é " * 10),
    ],
)
def test_accents_go_only_where_that_saves_a_segment(text: str, written: str) -> None:
    assert thrifty(text) == written
