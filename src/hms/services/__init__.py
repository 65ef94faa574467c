"""Every change the business knows: one verb a function, called as ``runtime.transact(actor, verb, command)``."""
