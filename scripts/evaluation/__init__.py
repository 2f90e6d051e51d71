"""What figures, tables and scorecard compute alike."""
