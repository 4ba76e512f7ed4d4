"""Start the processes of a site, restart what ends, and stop all of them without leftovers."""
