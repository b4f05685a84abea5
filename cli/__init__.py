"""The `pixel` command: thin, one file per noun. Modules import the product inside their functions, so that help is fast."""
