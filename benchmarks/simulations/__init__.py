"""Hosts that are made up, lived through with the product's own models and judge, to see what calm costs."""
