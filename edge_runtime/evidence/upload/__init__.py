"""Evidence on its way to the manager, beside the alerts and never before them; `uploader.Uploader` is the face."""
