"""Organizations, members, sign-in sessions, API keys, roles and the audit log."""
