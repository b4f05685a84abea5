"""What a question names: one file per kind of entity, each by rules that can be explained."""
