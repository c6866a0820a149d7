"""A page to its article: the text a reader came for, and what the page says of itself."""
