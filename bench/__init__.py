"""What the bot is measured with: loads, yardsticks and tables. Nothing here is part of the bot."""
