"""What people see of the manager: pages made on the server, kept live by server-sent events.

Routes are thin: they ask for rows, a view makes frozen values of them, a template draws these. Without JavaScript
every page can be read and every form sent; with it, new alerts come by themselves.
"""
