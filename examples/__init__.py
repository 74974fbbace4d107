"""Reference systems that the checks of this repository drive; they import nothing of pytest_mlops."""
