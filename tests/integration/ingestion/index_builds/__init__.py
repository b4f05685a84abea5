"""Index versions beside the live one."""
