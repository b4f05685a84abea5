"""Index versions beside the live one: estimate, build, keep fresh, promote, go back, drop."""
