"""Side by side: evalspec and its peers ask one local server the same questions."""
