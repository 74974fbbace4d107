"""No users at all."""
