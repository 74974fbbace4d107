"""What every test and check of this repository shares."""

pytest_plugins = ["pytester"]
