"""One file per failure: how it is broken, what a person can do upstream, and whether it is repaired."""
