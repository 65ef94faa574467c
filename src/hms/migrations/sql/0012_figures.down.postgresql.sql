DROP TRIGGER tr_appointments_figures ON appointments
--;;
DROP TRIGGER tr_no_show_logs_figures ON no_show_logs
--;;
DROP TRIGGER tr_patient_no_show_penalties_figures ON patient_no_show_penalties
--;;
DROP TRIGGER tr_doctor_slots_figures_insert ON doctor_slots
--;;
DROP TRIGGER tr_doctor_slots_figures_delete ON doctor_slots
--;;
DROP TRIGGER tr_doctor_slots_figures_before ON doctor_slots
--;;
DROP TRIGGER tr_doctor_slots_figures_after ON doctor_slots
--;;
DROP FUNCTION hms_figures_of_visit()
--;;
DROP FUNCTION hms_figures_of_mark()
--;;
DROP FUNCTION hms_figures_of_slots()
