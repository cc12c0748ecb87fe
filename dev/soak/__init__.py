"""A long run of mixed traffic with faults, and the customers and machines that it takes."""
