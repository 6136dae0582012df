"""Files over SFTP: delimited documents (and whatever else a mapping file knows) dropped into and taken from folders."""
