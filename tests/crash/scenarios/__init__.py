"""Short stories that between them pass every commit of the product. Data fictitious."""
