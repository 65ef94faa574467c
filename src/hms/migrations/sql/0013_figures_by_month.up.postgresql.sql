-- Penalties are kept by patient, so a visit that becomes another patient's changes its day as well.
DROP TRIGGER tr_appointments_figures ON appointments
--;;
CREATE TRIGGER tr_appointments_figures AFTER INSERT OR DELETE OR UPDATE OF
    status, holds_slot, doctor_id, patient_id, appointment_date, starts_at, ends_at,
    duration_minutes, booked_at, checked_in_at, vitals_recorded_at, started_at, cancelled_at
ON appointments FOR EACH ROW EXECUTE FUNCTION hms_figures_of_visit()
