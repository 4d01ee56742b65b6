"""The parts that `cppn` and `painted` are made of: sketch, brush, forms and colour."""
