-- A change of a closed day leaves a mark, so that the day is counted again. Days that are not closed cost one look.
CREATE FUNCTION hms_figures_of_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO figure_marks (hospital_id, day)
        SELECT p.hospital_id, NEW.appointment_date FROM figure_progress p
        WHERE p.hospital_id = NEW.hospital_id AND p.through >= NEW.appointment_date;
    END IF;
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.appointment_date <> NEW.appointment_date) THEN
        INSERT INTO figure_marks (hospital_id, day)
        SELECT p.hospital_id, OLD.appointment_date FROM figure_progress p
        WHERE p.hospital_id = OLD.hospital_id AND p.through >= OLD.appointment_date;
    END IF;
    RETURN NULL;
END $$
--;;
CREATE TRIGGER tr_appointments_figures AFTER INSERT OR DELETE OR UPDATE OF
    status, holds_slot, doctor_id, appointment_date, starts_at, ends_at,
    duration_minutes, booked_at, checked_in_at, vitals_recorded_at, started_at, cancelled_at
ON appointments FOR EACH ROW EXECUTE FUNCTION hms_figures_of_visit()
--;;
-- Marks and penalties are made together with a change of their visit, which the trigger above sees. What changes them
-- later alone is seen here.
CREATE FUNCTION hms_figures_of_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_marks (hospital_id, day)
    SELECT p.hospital_id, a.appointment_date FROM appointments a
    JOIN figure_progress p ON p.hospital_id = a.hospital_id AND p.through >= a.appointment_date
    WHERE a.id = OLD.appointment_id;
    RETURN NULL;
END $$
--;;
CREATE TRIGGER tr_no_show_logs_figures
AFTER DELETE OR UPDATE OF appointment_id, reason, slot_released, slot_released_at, justified, voided_at
ON no_show_logs FOR EACH ROW EXECUTE FUNCTION hms_figures_of_mark()
--;;
CREATE TRIGGER tr_patient_no_show_penalties_figures
AFTER DELETE OR UPDATE OF appointment_id, patient_id, waived_at, justified_at, voided_at
ON patient_no_show_penalties FOR EACH ROW EXECUTE FUNCTION hms_figures_of_mark()
--;;
-- Slots are made by the thousand, nearly all of days to come: one look a statement.
CREATE FUNCTION hms_figures_of_slots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_marks (hospital_id, day)
    SELECT DISTINCT s.hospital_id, s.slot_date FROM changed s
    JOIN figure_progress p ON p.hospital_id = s.hospital_id AND p.through >= s.slot_date;
    RETURN NULL;
END $$
--;;
CREATE TRIGGER tr_doctor_slots_figures_insert AFTER INSERT ON doctor_slots
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hms_figures_of_slots()
--;;
CREATE TRIGGER tr_doctor_slots_figures_delete AFTER DELETE ON doctor_slots
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hms_figures_of_slots()
--;;
CREATE TRIGGER tr_doctor_slots_figures_before AFTER UPDATE ON doctor_slots
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hms_figures_of_slots()
--;;
CREATE TRIGGER tr_doctor_slots_figures_after AFTER UPDATE ON doctor_slots
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hms_figures_of_slots()
