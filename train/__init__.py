"""Train `picturebook`, the small text-to-image model that the package carries. One verb per module."""
