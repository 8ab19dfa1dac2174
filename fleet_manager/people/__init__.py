"""Who may do what: accounts, roles per site, sessions, API tokens, and the log that remembers it.

A library without a web framework. `gate` says who asks, `roles.may` says whether they may, `audit` writes down what
they did; the other files are what these three stand on. `assembly` builds them.

What a server around it must add:

- A session's secret goes into a cookie with HttpOnly, SameSite=Lax and Path=/, over HTTPS also Secure and a name that
  begins with `__Host-`.
- Each request of a session that changes something brings `csrf_token(secret)`, in a hidden field or a header, and is
  refused unless `csrf_fits`. A request with a token needs none. The log-in form has no session yet: there, `Origin`
  must be our own.
- An answer that holds a secret (a link, a token) is sent with `Cache-Control: no-store`, the page of a link with
  `Referrer-Policy: no-referrer`.
- The address of a log-in is the client's, not that of a proxy in between.
"""
