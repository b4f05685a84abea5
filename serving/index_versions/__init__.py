"""Index versions: ask for a build, see how far it is and what its gates say, promote, go back."""
