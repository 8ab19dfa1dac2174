"""A factory line that needs no factory: drawn parts on a moving belt, filmed, inspected and judged."""
