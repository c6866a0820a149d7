"""What is left of a page: tags, scripts, style sheets, shortcodes; and texts that speak about them."""
