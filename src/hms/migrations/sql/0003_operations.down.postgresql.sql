DROP TRIGGER tr_audit_log_no_truncate ON audit_log
--;;
DROP TRIGGER tr_audit_log_append_only ON audit_log
