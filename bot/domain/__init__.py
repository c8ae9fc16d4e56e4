"""Pure: no I/O, no clock, no randomness, no logging. Frozen values, and functions from value to value."""
