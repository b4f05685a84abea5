"""Erases for good: rows, files, vectors and their bytes; and proves it by searching for them."""
