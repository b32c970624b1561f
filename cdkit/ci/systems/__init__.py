"""One CI system a file; each exports SYSTEM. The first line of each names the vendor's page."""
