"""What a step found out, put into the language of whoever reads it: people, CI systems, tools."""
