"""Collections, the links that show them to clients, and what clients say (one file for each)."""
