"""Goods received, what is missing or broken, and hand-over."""
