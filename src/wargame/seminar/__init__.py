"""A seminar: people at a table, sealed orders, an umpire, and one log that is a proof."""
