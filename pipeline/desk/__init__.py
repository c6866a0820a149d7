"""`copydesk desk`: batches in a browser, for people to search, read, compare and decide; on this machine alone."""
