"""What a scraper lost: marks and letters that became question marks, apostrophes that were dropped."""
