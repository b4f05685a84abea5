"""Models behind an interface: one module per protocol, each over its maker's official SDK."""
