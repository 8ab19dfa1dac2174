"""Who may do what: accounts, roles per site, sessions, API tokens, and the log that remembers it.

A library without a web framework. `gate` says who asks, `roles.may` says whether they may, `audit` writes down what
they did; the other files are what these three stand on.
"""
