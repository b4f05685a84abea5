"""One evaluation per file: data set + target + scorers."""
