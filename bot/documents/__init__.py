"""Files of a post-mortem: its text in other forms, and its picture. Each library is loaded when it is needed."""
