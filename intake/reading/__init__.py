"""Raw bytes become a Reading: parse, unpack, open each file. Runs in a confined child process."""
