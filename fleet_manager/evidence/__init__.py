"""Pictures, heat maps and clips that back the alerts: named by their SHA-256, kept per site, never shown half."""
