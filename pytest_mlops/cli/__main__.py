"""`python -m pytest_mlops.cli`, the same as the command `pytest-mlops`."""

import sys

from pytest_mlops.cli import main

sys.exit(main())
