"""Slack: the door in and the voice out; the only place that knows its shapes."""
