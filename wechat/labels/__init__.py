"""Groups and tags of fans, kept the same here and on the platform, within the platform's limits."""
