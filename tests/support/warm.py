"""What a forked process would otherwise load at its first statement or text message: half a second of processor time.

Apprise loads its hundred providers when it first meets an address.
"""

from __future__ import annotations

import warnings

import apprise
import psycopg  # noqa: F401 -- SQLAlchemy loads it at the first engine
from sqlalchemy.orm import configure_mappers

import hms.models  # noqa: F401 -- whose mappers these are

configure_mappers()
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # its mail plugin loads a module that Python 3.13 drops
    apprise.Apprise().add("json://localhost")
