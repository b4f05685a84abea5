"""One file per benchmark: `pixel bench NAME --json`."""
