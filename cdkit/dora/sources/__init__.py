"""Where deployments and incidents are asked for over the network, one file a system."""
