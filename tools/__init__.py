"""What makes the data files that are committed; none of it is needed at run time."""
