"""From log lines to a digest: templates, onset, candidates; in one pass, in bounded memory. Lines are only data."""
