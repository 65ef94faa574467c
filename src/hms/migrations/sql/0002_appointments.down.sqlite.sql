DROP TRIGGER tr_appointment_events_no_delete
--;;
DROP TRIGGER tr_appointment_events_no_update
--;;
DROP TRIGGER tr_appointments_day_update
--;;
DROP TRIGGER tr_appointments_day_delete
--;;
DROP TRIGGER tr_appointments_day_insert
--;;
DROP TRIGGER tr_appointments_overlap_update
--;;
DROP TRIGGER tr_appointments_overlap_insert
--;;
DROP TRIGGER tr_appointments_moved
--;;
DROP TRIGGER tr_appointments_inserted
