"""The command line, ``jupyter datasets``. One file holds a group of commands and is imported only when one is used."""
