"""The assistant: words what code has gathered, with a model or without one. Nothing here acts."""
