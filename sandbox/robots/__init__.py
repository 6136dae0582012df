"""The people and programs behind the SFTP accounts: they take order files, answer, ship and keep stock."""
