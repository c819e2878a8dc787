"""Parts of the compact memory: encoder, folds, prefix codes, retrieval, layout and assembly."""
