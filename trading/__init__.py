"""What we asked for and what we got."""
