-- INSERT OR REPLACE takes the old row away without asking the triggers of updates and deletions.
CREATE TRIGGER tr_appointments_no_replace BEFORE INSERT ON appointments
WHEN EXISTS (SELECT 1 FROM appointments a WHERE a.id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'HMS:CONFLICT this appointment exists');
END
--;;
CREATE TRIGGER tr_appointment_events_no_replace BEFORE INSERT ON appointment_events
WHEN EXISTS (SELECT 1 FROM appointment_events e WHERE e.seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'HMS:CONFLICT appointment_events is append-only');
END
--;;
CREATE TRIGGER tr_audit_log_no_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log a WHERE a.seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'HMS:CONFLICT audit_log is append-only');
END
