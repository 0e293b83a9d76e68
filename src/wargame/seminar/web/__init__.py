"""The web in front of a table: pages, tokens, a nudge. It decides nothing; `table` does."""
