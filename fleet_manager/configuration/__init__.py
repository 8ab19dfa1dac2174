"""What people want stations to be: revisions that are checked before they are kept, signed, sent and answered."""
