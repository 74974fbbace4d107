"""Reports: a run record, in plain JSON types, turned into text. Pure functions; only `files` writes."""
