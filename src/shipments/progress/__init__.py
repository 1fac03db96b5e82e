"""Stage and exceptions of boxes and batches, worked out from all the facts. Never set by hand."""
