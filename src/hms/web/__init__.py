"""HTTP: the JSON interface under /api/v1, the pages, and what an operator watches."""
