"""The outside world behind Protocols: mail and SMS, each with a Null twin."""
