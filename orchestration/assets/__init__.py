"""One file per stage: documents, vector rows, evaluation scores, warehouse, reports."""
