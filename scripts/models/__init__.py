"""What is trained or searched."""
