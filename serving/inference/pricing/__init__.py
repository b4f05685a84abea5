"""What a call costs: a dated table, with exceptions of ours and prices of the organization before it."""
