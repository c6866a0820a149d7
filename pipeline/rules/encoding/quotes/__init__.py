"""Quotation marks and apostrophes: which of them open and close, and which stand where they should not."""
