"""The receiving end: hears the stations of a site, stores their alerts durably and once, and only then says so."""
