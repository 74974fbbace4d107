"""What every test shares."""

# pytester forgets, after its test, each module that the test was the first to import. This one must not be imported
# twice in a process: it registers pandas' types with Arrow, which refuses a second registration.
import pandas.core.arrays.arrow.extension_types  # type: ignore[import-not-found]  # noqa: F401
