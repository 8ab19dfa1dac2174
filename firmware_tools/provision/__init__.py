"""Giving stations their identity: what is written to a microcontroller's storage, and the ledger of who is who."""
