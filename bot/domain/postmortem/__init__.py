"""The post-mortem: a document of claims that point at evidence, its times and timeline, and its Markdown, both ways."""
