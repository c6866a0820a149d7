"""What stands behind the library face: arguments looked at, many texts at once, results that show themselves."""
