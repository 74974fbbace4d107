"""One run of Schemathesis, in a process of its own, which may talk to loopback and to allowed hosts alone.

    python -P schemathesis_run.py CONFIG.json

CONFIG holds `arguments`, those of the command `schemathesis`, and `allowed_hosts`. What happened is in the file of
events that the arguments name. The standard library and Schemathesis.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(config_path: str) -> None:
    """Run what a config file describes; Schemathesis ends the process with its own exit code."""
    config = json.loads(Path(config_path).read_text(encoding="utf-8"))
    sys.path.append(str(Path(__file__).parent))
    from allowed import Allowed  # type: ignore[import-not-found]  # it stands beside this file

    Allowed.watch(config["allowed_hosts"])
    from schemathesis.cli import schemathesis

    schemathesis(config["arguments"], prog_name="schemathesis")


if __name__ == "__main__":
    main(sys.argv[1])
