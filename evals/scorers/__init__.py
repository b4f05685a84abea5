"""One small scorer per file: a sample and the answer to it -> pass or fail."""
