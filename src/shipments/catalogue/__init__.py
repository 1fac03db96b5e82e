"""What can be asked for: single items, and kits for a trade."""
