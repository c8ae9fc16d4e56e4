"""The durable executor's adapter: starts work once, finishes it after a crash; the records know the rest."""
