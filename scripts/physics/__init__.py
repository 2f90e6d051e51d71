"""Collision events: simulation, reading, and the features to cut on."""
