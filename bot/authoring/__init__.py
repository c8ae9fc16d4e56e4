"""What authors of runbooks use on the terminal: make, preview, show, compare, try. Nothing here runs in the bot."""
