"""Who is told each verdict on the spot: a log, a program that reads JSON lines."""
