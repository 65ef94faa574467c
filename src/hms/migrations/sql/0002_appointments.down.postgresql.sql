DROP TRIGGER tr_appointment_events_no_truncate ON appointment_events
--;;
DROP TRIGGER tr_appointment_events_append_only ON appointment_events
--;;
DROP TRIGGER tr_appointments_day_counter ON appointments
--;;
DROP TRIGGER tr_appointments_moved ON appointments
--;;
DROP TRIGGER tr_appointments_inserted ON appointments
--;;
DROP FUNCTION hms_append_only(), hms_day_counter(), hms_counts_for_day(text, boolean), hms_appointment_moved(), hms_appointment_inserted()
