"""The command line of Lepton Edge."""
