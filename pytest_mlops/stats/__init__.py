"""Statistics in pure NumPy: arrays in, numbers out."""
