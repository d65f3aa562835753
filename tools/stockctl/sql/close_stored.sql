CLOSE stored
