"""The runbook bot: slash commands become runbook actions, with approvals where it hurts."""
