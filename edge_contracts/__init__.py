"""What crosses a wire or a disk: messages, bundles, configuration, and their errors."""
