"""What each table of the station's file becomes: units for the supervisor, one file per table or group of tables.

This is where objects are wired, and `running.py` is where everybody finds those that run.
"""
