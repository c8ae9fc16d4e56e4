"""What a post-mortem looks like elsewhere: a picture, a page, a Word file, JSON. Its Markdown is the source."""
