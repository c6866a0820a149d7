"""Character references that nobody decoded, whole, broken and torn apart, and the blanks around them."""
