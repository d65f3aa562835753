SELECT timeline FROM timeline
