"""The local Slack: the Web API, both deliveries and the person interface a bot like ours needs."""
