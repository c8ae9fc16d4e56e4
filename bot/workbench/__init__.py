"""The workbench: the whole real path on a laptop, on loopback only; nothing of the bot imports it."""
