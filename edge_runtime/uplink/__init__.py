"""From the spool to the manager over MQTT, and back its word that alerts are stored; `uplink.Uplink` is the face."""
