"""The daily record of every verdict: its files, the thread that writes them, and how to read them again."""
