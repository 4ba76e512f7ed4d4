"""Collections, links that show them to clients, what clients say, and archives: a file for each."""
