"""Work that spans several transactions: jobs over all their batches, delivery, imports, the demo hospital."""
