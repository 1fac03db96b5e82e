"""What carriers tell us by themselves: the inbox, reading it, and asking to be told."""
