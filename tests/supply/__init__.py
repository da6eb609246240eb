"""Where the code comes from: what is in it, under which licences, and no secret of anybody's."""
