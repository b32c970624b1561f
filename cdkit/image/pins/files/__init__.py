"""One format of files that name images a file; each exports FORMAT."""
