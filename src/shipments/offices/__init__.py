"""Who asks, sends and receives, and what each may see and do."""
