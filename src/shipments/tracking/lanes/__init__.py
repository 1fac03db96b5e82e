"""How long lanes usually take and how quiet they usually are."""
