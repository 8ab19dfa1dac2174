"""Where the line's wires end: pins, serial ports, Modbus devices and MQTT topics, shared by triggers and outputs."""
