"""How networks with one hidden layer are trained: all parameters, to the last point."""
