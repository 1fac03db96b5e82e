"""The demo: a whole programme with invented people on this machine, and the way of one box told while it goes."""
