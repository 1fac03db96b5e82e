"""A returnee: the case, what they agreed to, and the card they hold."""
