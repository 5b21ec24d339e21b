"""Data sets: found, read without trust, checked, and split. No torch in here."""
