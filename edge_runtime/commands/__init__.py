"""What the manager asks of this board: judged by a pure rule, done at most once by a thread of its own, answered."""
