SELECT timeline FROM timeline WHERE only_row
