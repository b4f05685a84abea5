"""What is understood of a text: intent, entities, names, sentiment; and translation into other languages."""
