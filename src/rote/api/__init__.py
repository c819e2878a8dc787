"""The main job: from labelled points to a certified network, and from a file to a verdict."""
