"""Bytes of one charset that were read in another, and what of them can be read again."""
