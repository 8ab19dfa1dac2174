"""The board's own face: a page, an inference endpoint, metrics. Nothing here can hold up an inspection.

Nothing of it is imported without a `[web]` table. It runs in threads of its own, of low priority where the system
allows that; every queue, connection and body is bounded; when it dies it is counted and started anew.
"""
