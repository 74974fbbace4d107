"""Records, limits, judging, errors, messages, configuration: the standard library alone."""
