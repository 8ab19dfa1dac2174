"""`lepton rehearse`: the station's own daemon on recorded or scripted pictures, without its hardware."""
