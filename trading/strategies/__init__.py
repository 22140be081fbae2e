"""Rule-based strategies that need prices only, one file each, and how they are declared and found."""
