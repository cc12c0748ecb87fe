"""What runs the product on a developer's machine. Never imported by the product."""
