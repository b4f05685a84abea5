"""Where pages get their data; no widgets here."""
