"""Programs that run in processes of their own: files in, JSON out."""
