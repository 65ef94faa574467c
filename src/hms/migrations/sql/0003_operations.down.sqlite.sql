DROP TRIGGER tr_audit_log_no_delete
--;;
DROP TRIGGER tr_audit_log_no_update
