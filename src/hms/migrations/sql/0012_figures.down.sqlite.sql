DROP TRIGGER tr_appointments_figures_insert
--;;
DROP TRIGGER tr_appointments_figures_delete
--;;
DROP TRIGGER tr_appointments_figures_update
--;;
DROP TRIGGER tr_appointments_figures_moved
--;;
DROP TRIGGER tr_no_show_logs_figures_update
--;;
DROP TRIGGER tr_no_show_logs_figures_delete
--;;
DROP TRIGGER tr_patient_no_show_penalties_figures_update
--;;
DROP TRIGGER tr_patient_no_show_penalties_figures_delete
--;;
DROP TRIGGER tr_doctor_slots_figures_insert
--;;
DROP TRIGGER tr_doctor_slots_figures_delete
--;;
DROP TRIGGER tr_doctor_slots_figures_update
--;;
DROP TRIGGER tr_doctor_slots_figures_moved
