DROP TRIGGER tr_audit_log_no_replace
--;;
DROP TRIGGER tr_appointment_events_no_replace
--;;
DROP TRIGGER tr_appointments_no_replace
