"""Without `--mlops`: lifecycle checks are skipped, with the reason shown."""

from __future__ import annotations

import pytest

from pytest_mlops.plugin.lifecycle import is_lifecycle

_REASON = "lifecycle check: runs with pytest --mlops"


class OffPlugin:
    """The whole of what a session pays for when `--mlops` is not given."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Skip lifecycle checks; one that is named by its node id is a usage error."""
        named = [arg.partition("[")[0].replace("\\", "/") for arg in config.args if "::" in arg]
        for item in items:
            if is_lifecycle(item):
                if any(item.nodeid.startswith(arg.removeprefix("./")) for arg in named):
                    raise pytest.UsageError(f"{item.nodeid} is a lifecycle check. Hint: pytest --mlops {item.nodeid!r}")
                item.add_marker(pytest.mark.skip(reason=_REASON))
