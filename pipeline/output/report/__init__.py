"""The report of a batch: one HTML page that opens without a server."""
