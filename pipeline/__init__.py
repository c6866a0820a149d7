"""Copydesk: turns scraped and translated news into a clean corpus, with a record of every change."""
