"""The scorecard: claims of the papers, our measurements of them, and the verdicts."""
