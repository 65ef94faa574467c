DROP TRIGGER tr_appointments_figures_update
--;;
CREATE TRIGGER tr_appointments_figures_update AFTER UPDATE OF
    status, holds_slot, doctor_id, appointment_date, starts_at, ends_at,
    duration_minutes, booked_at, checked_in_at, vitals_recorded_at, started_at, cancelled_at ON appointments
WHEN NEW.appointment_date <= (SELECT through FROM figure_progress WHERE hospital_id = NEW.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (NEW.hospital_id, NEW.appointment_date);
END
