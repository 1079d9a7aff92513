"""What the jury says, counted: questions, flags and records."""
