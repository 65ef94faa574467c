"""Every business read: ``f(session, actor or hospital, …)`` gives rows as frozen dataclasses, of one hospital only."""
