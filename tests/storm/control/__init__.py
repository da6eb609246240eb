"""The control: the same storm over a consumer as tutorials write it, which must lose and double."""
