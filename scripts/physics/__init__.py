"""Collision events: reading them, and the features that are cut on."""
