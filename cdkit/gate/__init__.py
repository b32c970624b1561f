"""The gate: may this image enter this stage? A pure function of a policy, facts and the time."""
