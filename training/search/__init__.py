"""A search over what `lepton train` offers: many trials, judged on training data alone, and the best one made whole.

In run order: a space says what may be tried, a judge trains one candidate and measures it, the rounds try until the
minutes are over and keep every trial in a study, the verdict chooses, and the command trains the chosen one as
`lepton train` does.
"""
