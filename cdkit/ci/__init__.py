"""Which CI system runs us, what it told us, and how it wants to be answered."""
