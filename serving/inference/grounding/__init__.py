"""What a model said, held against what it was given: citations are checked, and nothing in the text reaches out."""
