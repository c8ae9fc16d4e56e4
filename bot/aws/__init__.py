"""The one door to AWS: clients, the gate every call passes, the intake queue, and the bot's own plumbing."""
