"""Exchanging documents as files with a partner, whatever carries them: SFTP, FTPS, HTTPS, a folder, mail."""
