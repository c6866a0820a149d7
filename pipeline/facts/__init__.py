"""Facts: the answers of models and of the whole corpus, computed before the rules run and handed to them."""
