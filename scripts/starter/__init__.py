"""The first study file of a user, proposed from what their files contain."""
