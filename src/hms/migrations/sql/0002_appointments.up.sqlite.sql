-- An appointment is born SCHEDULED; only an import, whose event is already there, may bring a final state.
CREATE TRIGGER tr_appointments_inserted BEFORE INSERT ON appointments
WHEN (NOT NEW.imported AND NEW.status <> 'SCHEDULED')
  OR (NEW.imported AND NOT EXISTS (SELECT 1 FROM appointment_events e WHERE e.appointment_id = NEW.id
                                   AND e.is_import AND e.to_status = NEW.status))
BEGIN
    SELECT RAISE(ABORT, 'HMS:INVALID_TRANSITION an appointment begins as SCHEDULED, or with its import event');
END
--;;
CREATE TRIGGER tr_appointments_moved BEFORE UPDATE OF status ON appointments
WHEN OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN (
    'SCHEDULED>CONFIRMED', 'SCHEDULED>CHECKED_IN', 'SCHEDULED>CANCELLED', 'SCHEDULED>NO_SHOW', 'SCHEDULED>COMPLETED',
    'CONFIRMED>SCHEDULED', 'CONFIRMED>CHECKED_IN', 'CONFIRMED>CANCELLED', 'CONFIRMED>NO_SHOW', 'CONFIRMED>COMPLETED',
    'CHECKED_IN>IN_PROGRESS', 'CHECKED_IN>CANCELLED', 'CHECKED_IN>SCHEDULED',
    'IN_PROGRESS>COMPLETED', 'IN_PROGRESS>CHECKED_IN',
    'NO_SHOW>CHECKED_IN', 'NO_SHOW>SCHEDULED', 'NO_SHOW>COMPLETED', 'NO_SHOW>CANCELLED')
BEGIN
    SELECT RAISE(ABORT, 'HMS:INVALID_TRANSITION');
END
--;;
-- No two live appointments of one patient overlap, nor of one doctor. A visit lasts a day at most (a CHECK), so
-- the index on starts_at bounds the look.
CREATE TRIGGER tr_appointments_overlap_insert BEFORE INSERT ON appointments
WHEN NEW.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')
BEGIN
    SELECT RAISE(ABORT, 'HMS:DUPLICATE_BOOKING') WHERE EXISTS (
        SELECT 1 FROM appointments a WHERE a.patient_id = NEW.patient_id
        AND a.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')
        AND a.starts_at < NEW.ends_at AND a.starts_at > datetime(NEW.starts_at, '-2 days')
        AND a.ends_at > NEW.starts_at);
    SELECT RAISE(ABORT, 'HMS:SLOT_TAKEN') WHERE EXISTS (
        SELECT 1 FROM appointments a WHERE a.doctor_id = NEW.doctor_id
        AND a.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')
        AND a.starts_at < NEW.ends_at AND a.starts_at > datetime(NEW.starts_at, '-2 days')
        AND a.ends_at > NEW.starts_at);
END
--;;
CREATE TRIGGER tr_appointments_overlap_update
BEFORE UPDATE OF status, starts_at, ends_at, patient_id, doctor_id ON appointments
WHEN NEW.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')
BEGIN
    SELECT RAISE(ABORT, 'HMS:DUPLICATE_BOOKING') WHERE EXISTS (
        SELECT 1 FROM appointments a WHERE a.patient_id = NEW.patient_id AND a.id <> NEW.id
        AND a.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')
        AND a.starts_at < NEW.ends_at AND a.starts_at > datetime(NEW.starts_at, '-2 days')
        AND a.ends_at > NEW.starts_at);
    SELECT RAISE(ABORT, 'HMS:SLOT_TAKEN') WHERE EXISTS (
        SELECT 1 FROM appointments a WHERE a.doctor_id = NEW.doctor_id AND a.id <> NEW.id
        AND a.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')
        AND a.starts_at < NEW.ends_at AND a.starts_at > datetime(NEW.starts_at, '-2 days')
        AND a.ends_at > NEW.starts_at);
END
--;;
-- The doctor's day counter. A new booking or a rescheduled one must fit; a late arrival or an undone mark may leave
-- the day above its maximum.
CREATE TRIGGER tr_appointments_day_insert AFTER INSERT ON appointments
WHEN NEW.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS', 'COMPLETED')
  OR (NEW.status = 'NO_SHOW' AND NEW.holds_slot)
BEGIN
    INSERT INTO doctor_days (doctor_id, day, booked) VALUES (NEW.doctor_id, NEW.appointment_date, 1)
    ON CONFLICT (doctor_id, day) DO UPDATE SET booked = booked + 1;
    SELECT RAISE(ABORT, 'HMS:DOCTOR_FULLY_BOOKED') WHERE NOT NEW.imported AND EXISTS (
        SELECT 1 FROM doctor_days d JOIN doctors o ON o.id = d.doctor_id
        WHERE d.doctor_id = NEW.doctor_id AND d.day = NEW.appointment_date AND d.booked > o.max_patients_per_day);
END
--;;
CREATE TRIGGER tr_appointments_day_delete AFTER DELETE ON appointments
WHEN OLD.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS', 'COMPLETED')
  OR (OLD.status = 'NO_SHOW' AND OLD.holds_slot)
BEGIN
    UPDATE doctor_days SET booked = booked - 1 WHERE doctor_id = OLD.doctor_id AND day = OLD.appointment_date;
END
--;;
CREATE TRIGGER tr_appointments_day_update
AFTER UPDATE OF status, holds_slot, doctor_id, appointment_date ON appointments
BEGIN
    UPDATE doctor_days SET booked = booked - 1
    WHERE doctor_id = OLD.doctor_id AND day = OLD.appointment_date
    AND (OLD.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS', 'COMPLETED')
         OR (OLD.status = 'NO_SHOW' AND OLD.holds_slot));
    INSERT INTO doctor_days (doctor_id, day, booked)
    SELECT NEW.doctor_id, NEW.appointment_date, 1
    WHERE NEW.status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS', 'COMPLETED')
          OR (NEW.status = 'NO_SHOW' AND NEW.holds_slot)
    ON CONFLICT (doctor_id, day) DO UPDATE SET booked = booked + 1;
    SELECT RAISE(ABORT, 'HMS:DOCTOR_FULLY_BOOKED')
    WHERE (OLD.doctor_id <> NEW.doctor_id OR OLD.appointment_date <> NEW.appointment_date) AND EXISTS (
        SELECT 1 FROM doctor_days d JOIN doctors o ON o.id = d.doctor_id
        WHERE d.doctor_id = NEW.doctor_id AND d.day = NEW.appointment_date AND d.booked > o.max_patients_per_day);
END
--;;
CREATE TRIGGER tr_appointment_events_no_update BEFORE UPDATE ON appointment_events
BEGIN
    SELECT RAISE(ABORT, 'HMS:CONFLICT appointment_events is append-only');
END
--;;
CREATE TRIGGER tr_appointment_events_no_delete BEFORE DELETE ON appointment_events
BEGIN
    SELECT RAISE(ABORT, 'HMS:CONFLICT appointment_events is append-only');
END
