"""One load run without Locust: requests are sent when they are due, whatever became of those before them.

    python -I open_loop.py CONFIG.json

CONFIG holds

- `targets`: a list of `[host, port]`; each request goes to one of them, at random;
- `messages`: the path of a JSON file, a list of `[name, [message for each target]]`, each a whole HTTP/1.1 message in
  Base64;
- `arrivals`: `{"kind": "poisson" or "constant", "rate": a second}`, `{"kind": "replay", "offsets_s": [...]}`, or
  `{"kind": "closed", "users": n}`, where each of n users sends its next request when its last one is answered;
- `warmup_s`, `duration_s`, `timeout_s`, `drain_s`, `most_in_flight`, `seed`, `allowed_hosts`;
- `records` and `summary`, the paths to write.

Records are written as they come, 40 bytes each (`RECORD` of `generator.py`): when a request was due, sent and done, in
seconds from the beginning of the measured time (below 0: warm-up), the number of its message, the bytes of the answer,
the status (0: none), the target, and what went wrong (`PROBLEMS` of `stages/load/record.py`). Before them stand 40
bytes whose first 8 are the time up to which all that was due is written down. SIGTERM ends the run early, with all that
is in flight answered. The standard library alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(config_path: str) -> None:
    """Run the load that a config file describes."""
    sys.path.append(str(Path(__file__).parent))
    from allowed import Allowed  # type: ignore[import-not-found]  # they stand beside this file
    from generator import Generator  # type: ignore[import-not-found]

    config = json.loads(Path(config_path).read_text(encoding="utf-8"))
    guard = Allowed.watch(config["allowed_hosts"])
    facts = Generator(config, guard).run()
    path = Path(config["summary"])
    part = path.with_suffix(".part")
    part.write_text(json.dumps(facts), encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main(sys.argv[1])
