"""What people do with stored alerts: look, judge, comment, teach, count, and be called when nobody looks."""
