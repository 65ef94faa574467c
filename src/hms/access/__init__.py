"""Identity and permission: who asks, and what they may do."""
