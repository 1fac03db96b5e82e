"""Every call to a carrier: its place in the budget, its line in the ledger, and what the ledger tells."""
