CLOSE events
