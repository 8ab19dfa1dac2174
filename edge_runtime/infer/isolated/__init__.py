"""A model in a process of its own: `IsolatedBackend` is a backend like any other, whose fault is nobody else's.

daemon ──asks──▶ nursery ──forks──▶ worker
   └──────────── picture and answer in shared memory ────────────┘
"""
