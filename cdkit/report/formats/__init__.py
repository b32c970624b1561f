"""One report format a file; each exports FORMAT."""
