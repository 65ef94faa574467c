"""The least Flask application that answers a doctor's day from the same table: one statement, no checks, no sign-in."""

from __future__ import annotations

import os
import threading
from datetime import date
from uuid import UUID

import psycopg
from flask import Flask, Response, jsonify

SLOTS = """
SELECT s.id, s.doctor_id, s.slot_date, s.start_time, s.end_time, s.starts_at, s.ends_at, a.id IS NOT NULL
FROM doctor_slots s LEFT JOIN appointments a ON a.slot_id = s.id AND a.holds_slot
WHERE s.doctor_id = %s AND s.slot_date = %s ORDER BY s.starts_at
"""
NAMES = ("id", "doctorId", "slotDate", "startTime", "endTime", "startsAt", "endsAt", "isBooked")


def application() -> Flask:
    """Build the application; each thread of the server keeps one connection."""
    app = Flask("plain")
    held = threading.local()

    @app.get("/slots/<uuid:doctor_id>/<day>")
    def slots(doctor_id: UUID, day: str) -> Response:
        if not hasattr(held, "connection"):
            held.connection = psycopg.connect(os.environ["PLAIN_DATABASE"], autocommit=True)
        rows = held.connection.execute(SLOTS, (doctor_id, date.fromisoformat(day))).fetchall()
        return jsonify(data=[dict(zip(NAMES, map(str, row), strict=True)) for row in rows])

    return app
