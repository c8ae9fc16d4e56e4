"""The verbs: what people and alarms can want, as functions over ports. Nothing here knows Slack, AWS or SQL."""
