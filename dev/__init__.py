"""Programs that run the product on a developer's machine. The product imports none."""
