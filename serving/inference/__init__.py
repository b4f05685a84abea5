"""Question and passages -> answer: providers behind one interface."""
