"""What answers cost: budgets, and a ledger that reserves before a call and settles after it."""
