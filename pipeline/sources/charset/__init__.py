"""Bytes to text: which charset a document is in, and what could not be read."""
