"""What the office sees: the daily report, the workbook, status, the story of one submission, reminders."""
