"""Client libraries that others wrote, against token-server on both frameworks."""
