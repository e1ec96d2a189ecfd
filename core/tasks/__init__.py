"""Tasks for colleagues: read, accepted, progress, done with proof, rejected, each with its time."""
