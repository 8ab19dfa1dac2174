"""The spool: an alert is on disk before it is on the wire. `outbox.Outbox` is the public face."""
