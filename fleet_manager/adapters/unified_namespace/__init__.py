"""An ISA-95 mirror: the last verdict, state and alarm of each device under enterprise, site, area, line, cell."""
