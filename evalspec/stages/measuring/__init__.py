"""What `measure` is made of: who descends from whom, slices, and the two sides of a comparison."""
