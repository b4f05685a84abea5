"""Events of conversations while they happen: who types, what was said, who takes over; told to every open page."""
