"""What a model does on pictures that are worse than those it learned from, by nature or by intent."""
