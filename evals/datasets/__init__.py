"""Questions with known answers; one data set per file."""
