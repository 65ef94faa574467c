"""What is known of all hospitals of a house together."""

from __future__ import annotations

from hms.queries import hospitals
from hms.runtime import Runtime
from tests.support.factories import make_hospital


def test_the_locale_that_all_hospitals_have(runtime: Runtime) -> None:
    assert runtime.read(hospitals.common_locale) == ""
    rows = [make_hospital(runtime, code=code) for code in ("HMS001", "HMS002")]
    for locale, others, common in (("es-MX", "es-MX", "es-MX"), ("ar-EG", "es-MX", "")):
        with runtime.database.writing() as session:
            for row, chosen in zip(rows, (locale, others), strict=True):
                session.merge(row).locale = chosen
        assert runtime.read(hospitals.common_locale) == common
