-- A change of a closed day leaves a mark, so that the day is counted again. Days that are not closed cost one look.
CREATE TRIGGER tr_appointments_figures_insert AFTER INSERT ON appointments
WHEN NEW.appointment_date <= (SELECT through FROM figure_progress WHERE hospital_id = NEW.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (NEW.hospital_id, NEW.appointment_date);
END
--;;
CREATE TRIGGER tr_appointments_figures_delete AFTER DELETE ON appointments
WHEN OLD.appointment_date <= (SELECT through FROM figure_progress WHERE hospital_id = OLD.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (OLD.hospital_id, OLD.appointment_date);
END
--;;
CREATE TRIGGER tr_appointments_figures_update AFTER UPDATE OF
    status, holds_slot, doctor_id, appointment_date, starts_at, ends_at,
    duration_minutes, booked_at, checked_in_at, vitals_recorded_at, started_at, cancelled_at ON appointments
WHEN NEW.appointment_date <= (SELECT through FROM figure_progress WHERE hospital_id = NEW.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (NEW.hospital_id, NEW.appointment_date);
END
--;;
CREATE TRIGGER tr_appointments_figures_moved AFTER UPDATE OF appointment_date ON appointments
WHEN OLD.appointment_date <> NEW.appointment_date
  AND OLD.appointment_date <= (SELECT through FROM figure_progress WHERE hospital_id = OLD.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (OLD.hospital_id, OLD.appointment_date);
END
--;;
-- Marks and penalties are made together with a change of their visit, which is seen above. What changes them later alone
-- is seen here.
CREATE TRIGGER tr_no_show_logs_figures_update
AFTER UPDATE OF appointment_id, reason, slot_released, slot_released_at, justified, voided_at ON no_show_logs
BEGIN
    INSERT INTO figure_marks (hospital_id, day)
    SELECT a.hospital_id, a.appointment_date FROM appointments a
    JOIN figure_progress p ON p.hospital_id = a.hospital_id AND p.through >= a.appointment_date
    WHERE a.id = OLD.appointment_id;
END
--;;
CREATE TRIGGER tr_no_show_logs_figures_delete AFTER DELETE ON no_show_logs
BEGIN
    INSERT INTO figure_marks (hospital_id, day)
    SELECT a.hospital_id, a.appointment_date FROM appointments a
    JOIN figure_progress p ON p.hospital_id = a.hospital_id AND p.through >= a.appointment_date
    WHERE a.id = OLD.appointment_id;
END
--;;
CREATE TRIGGER tr_patient_no_show_penalties_figures_update
AFTER UPDATE OF appointment_id, patient_id, waived_at, justified_at, voided_at ON patient_no_show_penalties
BEGIN
    INSERT INTO figure_marks (hospital_id, day)
    SELECT a.hospital_id, a.appointment_date FROM appointments a
    JOIN figure_progress p ON p.hospital_id = a.hospital_id AND p.through >= a.appointment_date
    WHERE a.id = OLD.appointment_id;
END
--;;
CREATE TRIGGER tr_patient_no_show_penalties_figures_delete AFTER DELETE ON patient_no_show_penalties
BEGIN
    INSERT INTO figure_marks (hospital_id, day)
    SELECT a.hospital_id, a.appointment_date FROM appointments a
    JOIN figure_progress p ON p.hospital_id = a.hospital_id AND p.through >= a.appointment_date
    WHERE a.id = OLD.appointment_id;
END
--;;
CREATE TRIGGER tr_doctor_slots_figures_insert AFTER INSERT ON doctor_slots
WHEN NEW.slot_date <= (SELECT through FROM figure_progress WHERE hospital_id = NEW.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (NEW.hospital_id, NEW.slot_date);
END
--;;
CREATE TRIGGER tr_doctor_slots_figures_delete AFTER DELETE ON doctor_slots
WHEN OLD.slot_date <= (SELECT through FROM figure_progress WHERE hospital_id = OLD.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (OLD.hospital_id, OLD.slot_date);
END
--;;
CREATE TRIGGER tr_doctor_slots_figures_update AFTER UPDATE OF
    doctor_id, slot_date, starts_at, ends_at, blocked_manually, absence_id ON doctor_slots
WHEN NEW.slot_date <= (SELECT through FROM figure_progress WHERE hospital_id = NEW.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (NEW.hospital_id, NEW.slot_date);
END
--;;
CREATE TRIGGER tr_doctor_slots_figures_moved AFTER UPDATE OF slot_date ON doctor_slots
WHEN OLD.slot_date <> NEW.slot_date
  AND OLD.slot_date <= (SELECT through FROM figure_progress WHERE hospital_id = OLD.hospital_id)
BEGIN
    INSERT INTO figure_marks (hospital_id, day) VALUES (OLD.hospital_id, OLD.slot_date);
END
