"""Record, claim and settle what goes out: audit rows, notifications and messages, in the transaction of their cause."""
