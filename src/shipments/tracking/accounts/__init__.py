"""Logins with carriers: whose they are, what they may ask, and which one a leg uses."""
