"""Sources: files of many kinds to documents; bytes to text; page to article."""
