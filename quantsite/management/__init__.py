"""Management commands of the composition root: what joins rooms or runs the site."""
