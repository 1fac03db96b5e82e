"""What to tell whom. Written in the transaction that made the news."""
