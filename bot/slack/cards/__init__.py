"""What people see: pure functions from values to Block Kit. Nothing here reads a record or asks Slack."""
