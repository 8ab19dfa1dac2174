"""The manager's HTTP interface: one file per concept, composed in `application`."""
