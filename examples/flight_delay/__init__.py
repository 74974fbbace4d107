"""Will this flight arrive 15 minutes late or more? All departures from New York in 2013, with the hourly weather."""
