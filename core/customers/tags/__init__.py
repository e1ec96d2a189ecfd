"""Tags and groups: words that marketers put on customers by hand, or a rule does."""
