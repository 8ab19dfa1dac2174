"""What the manager keeps, in SQLite or PostgreSQL; what it said is stored is on the medium."""
