"""What carriers say: events, when to ask for more, and the carriers themselves."""
