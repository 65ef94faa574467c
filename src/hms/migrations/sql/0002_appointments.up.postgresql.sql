CREATE EXTENSION IF NOT EXISTS btree_gist
--;;
-- No two live appointments of one patient overlap, nor of one doctor.
ALTER TABLE appointments ADD CONSTRAINT ex_appointments_patient_live
EXCLUDE USING gist (patient_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
WHERE (status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS'))
--;;
ALTER TABLE appointments ADD CONSTRAINT ex_appointments_doctor_live
EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
WHERE (status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS'))
--;;
-- An appointment is born SCHEDULED; only an import, whose event is already there, may bring a final state.
CREATE FUNCTION hms_appointment_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.imported THEN
        IF NOT EXISTS (SELECT 1 FROM appointment_events e
                       WHERE e.appointment_id = NEW.id AND e.is_import AND e.to_status = NEW.status) THEN
            RAISE EXCEPTION 'HMS:INVALID_TRANSITION an imported appointment needs its import event'
                USING ERRCODE = '23514';
        END IF;
    ELSIF NEW.status <> 'SCHEDULED' THEN
        RAISE EXCEPTION 'HMS:INVALID_TRANSITION an appointment begins as SCHEDULED, not as %', NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$
--;;
CREATE TRIGGER tr_appointments_inserted BEFORE INSERT ON appointments
FOR EACH ROW EXECUTE FUNCTION hms_appointment_inserted()
--;;
CREATE FUNCTION hms_appointment_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) NOT IN (
        ('SCHEDULED', 'CONFIRMED'), ('SCHEDULED', 'CHECKED_IN'), ('SCHEDULED', 'CANCELLED'),
        ('SCHEDULED', 'NO_SHOW'), ('SCHEDULED', 'COMPLETED'),
        ('CONFIRMED', 'SCHEDULED'), ('CONFIRMED', 'CHECKED_IN'), ('CONFIRMED', 'CANCELLED'),
        ('CONFIRMED', 'NO_SHOW'), ('CONFIRMED', 'COMPLETED'),
        ('CHECKED_IN', 'IN_PROGRESS'), ('CHECKED_IN', 'CANCELLED'), ('CHECKED_IN', 'SCHEDULED'),
        ('IN_PROGRESS', 'COMPLETED'), ('IN_PROGRESS', 'CHECKED_IN'),
        ('NO_SHOW', 'CHECKED_IN'), ('NO_SHOW', 'SCHEDULED'), ('NO_SHOW', 'COMPLETED'), ('NO_SHOW', 'CANCELLED')
    ) THEN
        RAISE EXCEPTION 'HMS:INVALID_TRANSITION % cannot become %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$
--;;
CREATE TRIGGER tr_appointments_moved BEFORE UPDATE OF status ON appointments
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION hms_appointment_moved()
--;;
CREATE FUNCTION hms_counts_for_day(status text, holds_slot boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS', 'COMPLETED')
        OR (status = 'NO_SHOW' AND holds_slot)
$$
--;;
-- The doctor's day counter. The upsert locks the day's row, so bookings of one day queue here.
CREATE FUNCTION hms_day_counter() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was boolean := false;
    is_now boolean := false;
    moved boolean := false;
    total integer;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := hms_counts_for_day(OLD.status, OLD.holds_slot);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        is_now := hms_counts_for_day(NEW.status, NEW.holds_slot);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        moved := (OLD.doctor_id, OLD.appointment_date) IS DISTINCT FROM (NEW.doctor_id, NEW.appointment_date);
    END IF;
    IF was AND (NOT is_now OR moved) THEN
        UPDATE doctor_days SET booked = booked - 1
        WHERE doctor_id = OLD.doctor_id AND day = OLD.appointment_date;
    END IF;
    IF is_now AND (NOT was OR moved) THEN
        INSERT INTO doctor_days AS d (doctor_id, day, booked) VALUES (NEW.doctor_id, NEW.appointment_date, 1)
        ON CONFLICT (doctor_id, day) DO UPDATE SET booked = d.booked + 1
        RETURNING d.booked INTO total;
        -- A new booking or a rescheduled one must fit; a late arrival or an undone mark may leave the day above.
        IF ((TG_OP = 'INSERT' AND NOT NEW.imported) OR moved)
           AND total > (SELECT max_patients_per_day FROM doctors WHERE id = NEW.doctor_id) THEN
            RAISE EXCEPTION 'HMS:DOCTOR_FULLY_BOOKED' USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN NULL;
END $$
--;;
CREATE TRIGGER tr_appointments_day_counter
AFTER INSERT OR DELETE OR UPDATE OF status, holds_slot, doctor_id, appointment_date ON appointments
FOR EACH ROW EXECUTE FUNCTION hms_day_counter()
--;;
CREATE FUNCTION hms_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'HMS:CONFLICT % is append-only', TG_TABLE_NAME USING ERRCODE = '23514';
END $$
--;;
CREATE TRIGGER tr_appointment_events_append_only BEFORE UPDATE OR DELETE ON appointment_events
FOR EACH ROW EXECUTE FUNCTION hms_append_only()
--;;
CREATE TRIGGER tr_appointment_events_no_truncate BEFORE TRUNCATE ON appointment_events
FOR EACH STATEMENT EXECUTE FUNCTION hms_append_only()
