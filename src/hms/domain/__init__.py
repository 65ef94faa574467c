"""Pure rules over plain values: no session, no clock, no settings, no framework."""
