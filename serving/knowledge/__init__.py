"""Knowledge bases and documents."""
