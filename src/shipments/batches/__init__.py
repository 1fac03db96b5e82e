"""Batches: boxes that leave together, the legs of their way, and the gates before they go."""
