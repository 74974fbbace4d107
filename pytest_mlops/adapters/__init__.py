"""One third-party library a file, imported inside the function that needs it; its objects and exceptions stop here."""
