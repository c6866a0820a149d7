"""The corpus in other shapes: `export.py` writes a folder, `shapes.py` and `articles.py` its files."""
