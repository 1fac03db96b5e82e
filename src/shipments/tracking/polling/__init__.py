"""Asking carriers: which legs are due, who asks, and what becomes of the answers."""
