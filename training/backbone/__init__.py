"""Networks to see with: the one that ships, those that a user adds, and how the own one is made.

The own backbone learns from drawn pictures alone what a teacher network sees in them (`lepton backbone train`).
"""
