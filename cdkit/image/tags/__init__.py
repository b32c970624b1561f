"""The names of an image: tags, flavours, labels, and what they are made from."""
