"""Log lines carry ids, never personal data."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import logging
from hms import logs
logs.configure("INFO")
try:
    raise ValueError("refused by ck_span\\nDETAIL:  Failing row contains (7, Roy Anindya).\\nafter")
except ValueError:
    logging.getLogger("hms").exception("It failed")
"""


def test_a_row_that_the_database_quotes_is_not_logged() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    [line] = done.stderr.splitlines()
    logged = json.loads(line)
    assert (logged["event"], "ck_span" in logged["exception"]) == ("It failed", True)
    assert logged["exception"].endswith("\nDETAIL: (not shown)\nafter")
    assert "Anindya" not in line
