"""What a clerk decides: corrections, acceptance, assignment, merging, the paper form."""
