"""Post-mortems: read what happened, let it be worded, keep it, and let people make it theirs.

Times, counts and the timeline come from the records and from AWS; the assistant words sections, and every sentence of
it is held against the evidence before it stands. Nothing here is a cause before a person says so.
"""
