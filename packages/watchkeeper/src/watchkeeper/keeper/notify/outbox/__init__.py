"""What every channel is owed, as rows that are written before anything is sent."""
