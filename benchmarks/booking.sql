-- What one booking writes: appointment, event, audit row, notification, and a message for each of three channels.
SELECT nextval('bench_number') AS n \gset
BEGIN;
INSERT INTO appointments (id, hospital_id, patient_id, doctor_id, slot_id, status, appointment_date, start_time,
    end_time, starts_at, ends_at, duration_minutes, booked_at, no_show_due_at, holds_slot, under_review, imported,
    type, calendar_sequence, version, updated_at)
SELECT md5(n::text)::uuid, hospital_id, patient_id, doctor_id, id, 'SCHEDULED', slot_date, start_time,
    end_time, starts_at, ends_at, minutes, now(), ends_at, true, false, false, 'CONSULTATION', 0, 1, now()
FROM bench_todo WHERE n = :n;
INSERT INTO appointment_events (hospital_id, appointment_id, at, to_status, is_import)
SELECT hospital_id, md5(n::text)::uuid, now(), 'SCHEDULED', false FROM bench_todo WHERE n = :n;
INSERT INTO audit_log (hospital_id, at, actor_role, action, entity, entity_id, details)
SELECT hospital_id, now(), 'RECEPTIONIST', 'appointment.booked', 'appointment', md5(n::text)::uuid,
    '{"starts_at": "2026-01-22T03:30:00+00:00", "override_reason": null}'::json FROM bench_todo WHERE n = :n;
INSERT INTO notifications (id, hospital_id, patient_id, type, title, message, priority, metadata, created_at)
SELECT md5(n::text)::uuid, hospital_id, patient_id, 'APPOINTMENT_BOOKED', 'Appointment Booked',
    'Your appointment with Dr. Doctor Nr1 is on Thursday 22 January 2026 at 09:00.', 'NORMAL', '{}'::json, now()
FROM bench_todo WHERE n = :n;
INSERT INTO outgoing_messages (id, hospital_id, notification_id, key, channel, address, status, rank, attempts,
    queued_at, next_attempt_at, created_at)
SELECT gen_random_uuid(), hospital_id, md5(n::text)::uuid, 'bench:' || n::text || c.channel, c.channel,
    'p@example.org', 'PENDING', 1, 0, now(), now(), now()
FROM bench_todo CROSS JOIN (SELECT 'in_app' AS channel UNION ALL SELECT 'email' UNION ALL SELECT 'sms') c WHERE n = :n;
COMMIT;
